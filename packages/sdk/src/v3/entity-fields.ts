// Generated from the schema by `node packages/sdk/generate.ts`; a test holds both together.

/** The fields of entities that need no right to read secrets. */
export const entityFields = {
  application:
    "administrative_contact,application_server_address,attributes,contact_info,created_at,deleted_at,description,dev_eui_counter,join_server_address,name,network_server_address,technical_contact,updated_at",
  client:
    "administrative_contact,attributes,contact_info,created_at,deleted_at,description,endorsed,grants,logout_redirect_uris,name,redirect_uris,rights,skip_authorization,state,state_description,technical_contact,updated_at",
  gateway:
    "administrative_contact,antennas,attributes,auto_update,contact_info,created_at,deleted_at,description,disable_packet_broker_forwarding,downlink_path_constraint,enforce_duty_cycle,frequency_plan_id,frequency_plan_ids,gateway_server_address,location_public,lrfhss,name,require_authenticated_connection,schedule_anytime_delay,schedule_downlink_late,status_public,target_cups_uri,technical_contact,update_channel,update_location_from_status,updated_at,version_ids",
  organization:
    "administrative_contact,attributes,contact_info,created_at,deleted_at,description,fanout_notifications,name,technical_contact,updated_at",
  user: "admin,attributes,console_preferences,contact_info,created_at,deleted_at,description,name,primary_email_address,primary_email_address_validated_at,profile_picture,state,state_description,updated_at",
} as const;

/** The fields of an end device that each server keeps. */
export const endDeviceFields = {
  identityServer:
    "activated_at,application_server_address,attributes,created_at,description,join_server_address,last_seen_at,locations,lora_alliance_profile_ids,name,network_server_address,picture,serial_number,service_profile_id,updated_at,version_ids",
  networkServer:
    "battery_percentage,created_at,downlink_margin,frequency_plan_id,last_dev_status_received_at,lorawan_phy_version,lorawan_version,mac_settings,mac_state,max_frequency,min_frequency,multicast,pending_mac_state,pending_session,power_state,session,supports_class_b,supports_class_c,supports_join,updated_at,version_ids",
  applicationServer:
    "formatters,lora_alliance_profile_ids,pending_session,serial_number,session,skip_payload_crypto,skip_payload_crypto_override,version_ids",
  joinServer:
    "application_server_address,application_server_id,application_server_kek_label,last_dev_nonce,last_join_nonce,last_rj_count_0,last_rj_count_1,net_id,network_server_address,network_server_kek_label,provisioner_id,provisioning_data,resets_join_nonces,root_keys,used_dev_nonces",
} as const;
