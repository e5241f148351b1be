// Generated from the schema by `node packages/sdk/generate.ts`; a test holds both together.

/** An instant, such as "2026-01-02T03:04:05.678Z". */
export type Timestamp = string;
/** Such as "1.5s"; requests may also say "1h30m". */
export type Duration = string;
/** The fields that are wanted, or written. */
export type FieldMask = string | { paths?: string[] };
/** Any JSON object. */
export type Struct = { [name: string]: unknown };
/** A message whose type the `@type` tells. */
export type AnyMessage = { "@type": string; [name: string]: unknown };
/** Nothing. */
export type Empty = Record<string, never>;

/** The first byte of a command of the package. */
export type ALCSyncCommandIdentifier =
  | "ALCSYNC_CID_PKG_VERSION"
  | "ALCSYNC_CID_APP_TIME"
  | "ALCSYNC_CID_APP_DEV_TIME_PERIODICITY"
  | "ALCSYNC_CID_FORCE_DEV_RESYNC";

/** How an OAuth client may get tokens. */
export type GrantType = "GRANT_AUTHORIZATION_CODE" | "GRANT_PASSWORD" | "GRANT_REFRESH_TOKEN";

/** What a contact is asked about. */
export type ContactType =
  | "CONTACT_TYPE_OTHER"
  | "CONTACT_TYPE_ABUSE"
  | "CONTACT_TYPE_BILLING"
  | "CONTACT_TYPE_TECHNICAL";

/** How a contact is reached. */
export type ContactMethod = "CONTACT_METHOD_OTHER" | "CONTACT_METHOD_EMAIL" | "CONTACT_METHOD_PHONE";

/** How an end device gets its keys. */
export type KeyProvisioning =
  | "KEY_PROVISIONING_UNKNOWN"
  | "KEY_PROVISIONING_CUSTOM"
  | "KEY_PROVISIONING_JOIN_SERVER"
  | "KEY_PROVISIONING_MANIFEST";

/** How an end device guards its keys. */
export type KeySecurity =
  | "KEY_SECURITY_UNKNOWN"
  | "KEY_SECURITY_NONE"
  | "KEY_SECURITY_READ_PROTECTED"
  | "KEY_SECURITY_SECURE_ELEMENT";

/** What a device says it runs on. */
export type PowerState = "POWER_UNKNOWN" | "POWER_BATTERY" | "POWER_EXTERNAL";

/** Whether a gateway may be used for downlinks. */
export type DownlinkPathConstraint =
  | "DOWNLINK_PATH_CONSTRAINT_NONE"
  | "DOWNLINK_PATH_CONSTRAINT_PREFER_OTHER"
  | "DOWNLINK_PATH_CONSTRAINT_NEVER";

/** The standing of a user or an OAuth client. */
export type State =
  | "STATE_REQUESTED"
  | "STATE_APPROVED"
  | "STATE_REJECTED"
  | "STATE_FLAGGED"
  | "STATE_SUSPENDED";

/** What a server of the deployment does. */
export type ClusterRole =
  | "NONE"
  | "ENTITY_REGISTRY"
  | "ACCESS"
  | "GATEWAY_SERVER"
  | "NETWORK_SERVER"
  | "APPLICATION_SERVER"
  | "JOIN_SERVER"
  | "CRYPTO_SERVER"
  | "DEVICE_TEMPLATE_CONVERTER"
  | "DEVICE_CLAIMING_SERVER"
  | "GATEWAY_CONFIGURATION_SERVER"
  | "QR_CODE_GENERATOR"
  | "PACKET_BROKER_AGENT"
  | "DEVICE_REPOSITORY";

/** A way from a managed gateway to the internet. */
export type ManagedGatewayNetworkInterfaceType =
  | "MANAGED_GATEWAY_NETWORK_INTERFACE_TYPE_UNSPECIFIED"
  | "MANAGED_GATEWAY_NETWORK_INTERFACE_TYPE_CELLULAR"
  | "MANAGED_GATEWAY_NETWORK_INTERFACE_TYPE_WIFI"
  | "MANAGED_GATEWAY_NETWORK_INTERFACE_TYPE_ETHERNET";

/** Whether that way works. */
export type ManagedGatewayNetworkInterfaceStatus =
  | "MANAGED_GATEWAY_NETWORK_INTERFACE_STATUS_UNSPECIFIED"
  | "MANAGED_GATEWAY_NETWORK_INTERFACE_STATUS_DOWN"
  | "MANAGED_GATEWAY_NETWORK_INTERFACE_STATUS_UP"
  | "MANAGED_GATEWAY_NETWORK_INTERFACE_STATUS_FAILED";

/** Where an antenna is. */
export type GatewayAntennaPlacement = "PLACEMENT_UNKNOWN" | "INDOOR" | "OUTDOOR";

/** The type of a frame. */
export type MType =
  | "JOIN_REQUEST"
  | "JOIN_ACCEPT"
  | "UNCONFIRMED_UP"
  | "UNCONFIRMED_DOWN"
  | "CONFIRMED_UP"
  | "CONFIRMED_DOWN"
  | "REJOIN_REQUEST"
  | "PROPRIETARY";

/** The major version of the protocol. */
export type Major = "LORAWAN_R1";

/** The version of the protocol that a device speaks. */
export type MACVersion =
  | "MAC_UNKNOWN"
  | "MAC_V1_0"
  | "MAC_V1_0_1"
  | "MAC_V1_0_2"
  | "MAC_V1_1"
  | "MAC_V1_0_3"
  | "MAC_V1_0_4";

/** The version of the regional parameters that a device was made for. */
export type PHYVersion =
  | "PHY_UNKNOWN"
  | "PHY_V1_0"
  | "TS001_V1_0"
  | "PHY_V1_0_1"
  | "TS001_V1_0_1"
  | "PHY_V1_0_2_REV_A"
  | "RP001_V1_0_2"
  | "PHY_V1_0_2_REV_B"
  | "RP001_V1_0_2_REV_B"
  | "PHY_V1_1_REV_A"
  | "RP001_V1_1_REV_A"
  | "PHY_V1_1_REV_B"
  | "RP001_V1_1_REV_B"
  | "PHY_V1_0_3_REV_A"
  | "RP001_V1_0_3_REV_A"
  | "RP002_V1_0_0"
  | "RP002_V1_0_1"
  | "RP002_V1_0_2"
  | "RP002_V1_0_3"
  | "RP002_V1_0_4";

/** A data rate by its number in the band. */
export type DataRateIndex = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 | 10 | 11 | 12 | 13 | 14 | 15;

/** How much slower the first receive window is than the uplink. */
export type DataRateOffset = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7;

/** What a session began with. */
export type JoinRequestType = "REJOIN_CONTEXT" | "REJOIN_SESSION" | "REJOIN_KEYS" | "JOIN";

/** What a rejoin-request asks for. */
export type RejoinRequestType = "CONTEXT" | "SESSION" | "KEYS";

/** What the list in a join-accept is of. */
export type CFListType = "FREQUENCIES" | "CHANNEL_MASKS";

/** When a device listens. */
export type Class = "CLASS_A" | "CLASS_B" | "CLASS_C";

/** Which downlink goes first when both cannot. */
export type TxSchedulePriority =
  | "LOWEST"
  | "LOW"
  | "BELOW_NORMAL"
  | "NORMAL"
  | "ABOVE_NORMAL"
  | "HIGH"
  | "HIGHEST";

/** The first byte of a MAC command. */
export type MACCommandIdentifier =
  | "CID_RFU_0"
  | "CID_RESET"
  | "CID_LINK_CHECK"
  | "CID_LINK_ADR"
  | "CID_DUTY_CYCLE"
  | "CID_RX_PARAM_SETUP"
  | "CID_DEV_STATUS"
  | "CID_NEW_CHANNEL"
  | "CID_RX_TIMING_SETUP"
  | "CID_TX_PARAM_SETUP"
  | "CID_DL_CHANNEL"
  | "CID_REKEY"
  | "CID_ADR_PARAM_SETUP"
  | "CID_DEVICE_TIME"
  | "CID_FORCE_REJOIN"
  | "CID_REJOIN_PARAM_SETUP"
  | "CID_PING_SLOT_INFO"
  | "CID_PING_SLOT_CHANNEL"
  | "CID_BEACON_TIMING"
  | "CID_BEACON_FREQ"
  | "CID_DEVICE_MODE"
  | "CID_RELAY_CONF"
  | "CID_RELAY_END_DEVICE_CONF"
  | "CID_RELAY_FILTER_LIST"
  | "CID_RELAY_UPDATE_UPLINK_LIST"
  | "CID_RELAY_CTRL_UPLINK_LIST"
  | "CID_RELAY_CONFIGURE_FWD_LIMIT"
  | "CID_RELAY_NOTIFY_NEW_END_DEVICE";

/** How often a relay listens for wake-up frames. */
export type RelayCADPeriodicity =
  | "RELAY_CAD_PERIODICITY_1_SECOND"
  | "RELAY_CAD_PERIODICITY_500_MILLISECONDS"
  | "RELAY_CAD_PERIODICITY_250_MILLISECONDS"
  | "RELAY_CAD_PERIODICITY_100_MILLISECONDS"
  | "RELAY_CAD_PERIODICITY_50_MILLISECONDS"
  | "RELAY_CAD_PERIODICITY_20_MILLISECONDS";

/** Where a relay answers on its second channel. */
export type RelaySecondChAckOffset =
  | "RELAY_SECOND_CH_ACK_OFFSET_0"
  | "RELAY_SECOND_CH_ACK_OFFSET_200"
  | "RELAY_SECOND_CH_ACK_OFFSET_400"
  | "RELAY_SECOND_CH_ACK_OFFSET_800"
  | "RELAY_SECOND_CH_ACK_OFFSET_1600"
  | "RELAY_SECOND_CH_ACK_OFFSET_3200";

/** How much of a forwarding limit can be saved up. */
export type RelayLimitBucketSize =
  | "RELAY_LIMIT_BUCKET_SIZE_1"
  | "RELAY_LIMIT_BUCKET_SIZE_2"
  | "RELAY_LIMIT_BUCKET_SIZE_4"
  | "RELAY_LIMIT_BUCKET_SIZE_12";

/** After how many frames without an answer a device wakes its relay. */
export type RelaySmartEnableLevel =
  | "RELAY_SMART_ENABLE_LEVEL_8"
  | "RELAY_SMART_ENABLE_LEVEL_16"
  | "RELAY_SMART_ENABLE_LEVEL_32"
  | "RELAY_SMART_ENABLE_LEVEL_64";

/** The channel of wake-up frames. */
export type RelayWORChannel = "RELAY_WOR_CHANNEL_DEFAULT" | "RELAY_WOR_CHANNEL_SECONDARY";

/** What happens to a counter when its limit is set. */
export type RelayResetLimitCounter =
  | "RELAY_RESET_LIMIT_COUNTER_ZERO"
  | "RELAY_RESET_LIMIT_COUNTER_RELOAD_RATE"
  | "RELAY_RESET_LIMIT_COUNTER_MAX_VALUE"
  | "RELAY_RESET_LIMIT_COUNTER_NO_RESET";

/** What is done with an entry of the forwarding list. */
export type RelayCtrlUplinkListAction =
  | "RELAY_CTRL_UPLINK_LIST_ACTION_READ_W_F_CNT"
  | "RELAY_CTRL_UPLINK_LIST_ACTION_REMOVE_TRUSTED_END_DEVICE";

/** The share of time that a device may send. */
export type AggregatedDutyCycle =
  | "DUTY_CYCLE_1"
  | "DUTY_CYCLE_2"
  | "DUTY_CYCLE_4"
  | "DUTY_CYCLE_8"
  | "DUTY_CYCLE_16"
  | "DUTY_CYCLE_32"
  | "DUTY_CYCLE_64"
  | "DUTY_CYCLE_128"
  | "DUTY_CYCLE_256"
  | "DUTY_CYCLE_512"
  | "DUTY_CYCLE_1024"
  | "DUTY_CYCLE_2048"
  | "DUTY_CYCLE_4096"
  | "DUTY_CYCLE_8192"
  | "DUTY_CYCLE_16384"
  | "DUTY_CYCLE_32768";

/** Time between two ping slots of class B. */
export type PingSlotPeriod =
  | "PING_EVERY_1S"
  | "PING_EVERY_2S"
  | "PING_EVERY_4S"
  | "PING_EVERY_8S"
  | "PING_EVERY_16S"
  | "PING_EVERY_32S"
  | "PING_EVERY_64S"
  | "PING_EVERY_128S";

/** Uplinks between two rejoin-requests. */
export type RejoinCountExponent =
  | "REJOIN_COUNT_16"
  | "REJOIN_COUNT_32"
  | "REJOIN_COUNT_64"
  | "REJOIN_COUNT_128"
  | "REJOIN_COUNT_256"
  | "REJOIN_COUNT_512"
  | "REJOIN_COUNT_1024"
  | "REJOIN_COUNT_2048"
  | "REJOIN_COUNT_4096"
  | "REJOIN_COUNT_8192"
  | "REJOIN_COUNT_16384"
  | "REJOIN_COUNT_32768"
  | "REJOIN_COUNT_65536"
  | "REJOIN_COUNT_131072"
  | "REJOIN_COUNT_262144"
  | "REJOIN_COUNT_524288";

/** Time between two rejoin-requests. */
export type RejoinTimeExponent =
  | "REJOIN_TIME_0"
  | "REJOIN_TIME_1"
  | "REJOIN_TIME_2"
  | "REJOIN_TIME_3"
  | "REJOIN_TIME_4"
  | "REJOIN_TIME_5"
  | "REJOIN_TIME_6"
  | "REJOIN_TIME_7"
  | "REJOIN_TIME_8"
  | "REJOIN_TIME_9"
  | "REJOIN_TIME_10"
  | "REJOIN_TIME_11"
  | "REJOIN_TIME_12"
  | "REJOIN_TIME_13"
  | "REJOIN_TIME_14"
  | "REJOIN_TIME_15";

/** Time between two tries of a forced rejoin. */
export type RejoinPeriodExponent =
  | "REJOIN_PERIOD_0"
  | "REJOIN_PERIOD_1"
  | "REJOIN_PERIOD_2"
  | "REJOIN_PERIOD_3"
  | "REJOIN_PERIOD_4"
  | "REJOIN_PERIOD_5"
  | "REJOIN_PERIOD_6"
  | "REJOIN_PERIOD_7";

/** The most power that a device may send with. */
export type DeviceEIRP =
  | "DEVICE_EIRP_8"
  | "DEVICE_EIRP_10"
  | "DEVICE_EIRP_12"
  | "DEVICE_EIRP_13"
  | "DEVICE_EIRP_14"
  | "DEVICE_EIRP_16"
  | "DEVICE_EIRP_18"
  | "DEVICE_EIRP_20"
  | "DEVICE_EIRP_21"
  | "DEVICE_EIRP_24"
  | "DEVICE_EIRP_26"
  | "DEVICE_EIRP_27"
  | "DEVICE_EIRP_29"
  | "DEVICE_EIRP_30"
  | "DEVICE_EIRP_33"
  | "DEVICE_EIRP_36";

/** Uplinks until a device asks whether it is heard. */
export type ADRAckLimitExponent =
  | "ADR_ACK_LIMIT_1"
  | "ADR_ACK_LIMIT_2"
  | "ADR_ACK_LIMIT_4"
  | "ADR_ACK_LIMIT_8"
  | "ADR_ACK_LIMIT_16"
  | "ADR_ACK_LIMIT_32"
  | "ADR_ACK_LIMIT_64"
  | "ADR_ACK_LIMIT_128"
  | "ADR_ACK_LIMIT_256"
  | "ADR_ACK_LIMIT_512"
  | "ADR_ACK_LIMIT_1024"
  | "ADR_ACK_LIMIT_2048"
  | "ADR_ACK_LIMIT_4096"
  | "ADR_ACK_LIMIT_8192"
  | "ADR_ACK_LIMIT_16384"
  | "ADR_ACK_LIMIT_32768";

/** Uplinks until a device that is not answered changes its settings. */
export type ADRAckDelayExponent =
  | "ADR_ACK_DELAY_1"
  | "ADR_ACK_DELAY_2"
  | "ADR_ACK_DELAY_4"
  | "ADR_ACK_DELAY_8"
  | "ADR_ACK_DELAY_16"
  | "ADR_ACK_DELAY_32"
  | "ADR_ACK_DELAY_64"
  | "ADR_ACK_DELAY_128"
  | "ADR_ACK_DELAY_256"
  | "ADR_ACK_DELAY_512"
  | "ADR_ACK_DELAY_1024"
  | "ADR_ACK_DELAY_2048"
  | "ADR_ACK_DELAY_4096"
  | "ADR_ACK_DELAY_8192"
  | "ADR_ACK_DELAY_16384"
  | "ADR_ACK_DELAY_32768";

/** Seconds from the end of an uplink to the first receive window. */
export type RxDelay = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 | 10 | 11 | 12 | 13 | 14 | 15;

/** The minor version of the protocol. */
export type Minor =
  | "MINOR_RFU_0"
  | "MINOR_1"
  | "MINOR_RFU_2"
  | "MINOR_RFU_3"
  | "MINOR_RFU_4"
  | "MINOR_RFU_5"
  | "MINOR_RFU_6"
  | "MINOR_RFU_7"
  | "MINOR_RFU_8"
  | "MINOR_RFU_9"
  | "MINOR_RFU_10"
  | "MINOR_RFU_11"
  | "MINOR_RFU_12"
  | "MINOR_RFU_13"
  | "MINOR_RFU_14"
  | "MINOR_RFU_15";

/** What turns bytes into values and back. */
export type PayloadFormatter =
  | "FORMATTER_NONE"
  | "FORMATTER_REPOSITORY"
  | "FORMATTER_GRPC_SERVICE"
  | "FORMATTER_JAVASCRIPT"
  | "FORMATTER_CAYENNELPP";

/** How a place became known. */
export type LocationSource =
  | "SOURCE_UNKNOWN"
  | "SOURCE_GPS"
  | "SOURCE_REGISTRY"
  | "SOURCE_IP_GEOLOCATION"
  | "SOURCE_WIFI_RSSI_GEOLOCATION"
  | "SOURCE_BT_RSSI_GEOLOCATION"
  | "SOURCE_LORA_RSSI_GEOLOCATION"
  | "SOURCE_LORA_TDOA_GEOLOCATION"
  | "SOURCE_COMBINED_GEOLOCATION";

/** Who of an entity's people is told. */
export type NotificationReceiver =
  | "NOTIFICATION_RECEIVER_UNKNOWN"
  | "NOTIFICATION_RECEIVER_COLLABORATOR"
  | "NOTIFICATION_RECEIVER_ADMINISTRATIVE_CONTACT"
  | "NOTIFICATION_RECEIVER_TECHNICAL_CONTACT";

/** Whether a notification was read. */
export type NotificationStatus =
  | "NOTIFICATION_STATUS_UNSEEN"
  | "NOTIFICATION_STATUS_SEEN"
  | "NOTIFICATION_STATUS_ARCHIVED";

/** What a credential allows on an entity. */
export type Right =
  | "right_invalid"
  | "RIGHT_USER_INFO"
  | "RIGHT_USER_SETTINGS_BASIC"
  | "RIGHT_USER_SETTINGS_API_KEYS"
  | "RIGHT_USER_DELETE"
  | "RIGHT_USER_AUTHORIZED_CLIENTS"
  | "RIGHT_USER_APPLICATIONS_LIST"
  | "RIGHT_USER_APPLICATIONS_CREATE"
  | "RIGHT_USER_GATEWAYS_LIST"
  | "RIGHT_USER_GATEWAYS_CREATE"
  | "RIGHT_USER_CLIENTS_LIST"
  | "RIGHT_USER_CLIENTS_CREATE"
  | "RIGHT_USER_ORGANIZATIONS_LIST"
  | "RIGHT_USER_ORGANIZATIONS_CREATE"
  | "RIGHT_USER_NOTIFICATIONS_READ"
  | "RIGHT_USER_ALL"
  | "RIGHT_APPLICATION_INFO"
  | "RIGHT_APPLICATION_SETTINGS_BASIC"
  | "RIGHT_APPLICATION_SETTINGS_API_KEYS"
  | "RIGHT_APPLICATION_SETTINGS_COLLABORATORS"
  | "RIGHT_APPLICATION_SETTINGS_PACKAGES"
  | "RIGHT_APPLICATION_DELETE"
  | "RIGHT_APPLICATION_DEVICES_READ"
  | "RIGHT_APPLICATION_DEVICES_WRITE"
  | "RIGHT_APPLICATION_DEVICES_READ_KEYS"
  | "RIGHT_APPLICATION_DEVICES_WRITE_KEYS"
  | "RIGHT_APPLICATION_TRAFFIC_READ"
  | "RIGHT_APPLICATION_TRAFFIC_UP_WRITE"
  | "RIGHT_APPLICATION_TRAFFIC_DOWN_WRITE"
  | "RIGHT_APPLICATION_LINK"
  | "RIGHT_APPLICATION_ALL"
  | "RIGHT_CLIENT_ALL"
  | "RIGHT_CLIENT_INFO"
  | "RIGHT_CLIENT_SETTINGS_BASIC"
  | "RIGHT_CLIENT_SETTINGS_COLLABORATORS"
  | "RIGHT_CLIENT_DELETE"
  | "RIGHT_GATEWAY_INFO"
  | "RIGHT_GATEWAY_SETTINGS_BASIC"
  | "RIGHT_GATEWAY_SETTINGS_API_KEYS"
  | "RIGHT_GATEWAY_SETTINGS_COLLABORATORS"
  | "RIGHT_GATEWAY_DELETE"
  | "RIGHT_GATEWAY_TRAFFIC_READ"
  | "RIGHT_GATEWAY_TRAFFIC_DOWN_WRITE"
  | "RIGHT_GATEWAY_LINK"
  | "RIGHT_GATEWAY_STATUS_READ"
  | "RIGHT_GATEWAY_LOCATION_READ"
  | "RIGHT_GATEWAY_WRITE_SECRETS"
  | "RIGHT_GATEWAY_READ_SECRETS"
  | "RIGHT_GATEWAY_ALL"
  | "RIGHT_ORGANIZATION_INFO"
  | "RIGHT_ORGANIZATION_SETTINGS_BASIC"
  | "RIGHT_ORGANIZATION_SETTINGS_API_KEYS"
  | "RIGHT_ORGANIZATION_SETTINGS_MEMBERS"
  | "RIGHT_ORGANIZATION_DELETE"
  | "RIGHT_ORGANIZATION_APPLICATIONS_LIST"
  | "RIGHT_ORGANIZATION_APPLICATIONS_CREATE"
  | "RIGHT_ORGANIZATION_GATEWAYS_LIST"
  | "RIGHT_ORGANIZATION_GATEWAYS_CREATE"
  | "RIGHT_ORGANIZATION_CLIENTS_LIST"
  | "RIGHT_ORGANIZATION_CLIENTS_CREATE"
  | "RIGHT_ORGANIZATION_ADD_AS_COLLABORATOR"
  | "RIGHT_ORGANIZATION_ALL"
  | "RIGHT_SEND_INVITES"
  | "RIGHT_ALL";

/** How the Console looks. */
export type ConsoleTheme = "CONSOLE_THEME_SYSTEM" | "CONSOLE_THEME_LIGHT" | "CONSOLE_THEME_DARK";

/** How the Console's overviews are arranged. */
export type DashboardLayout = "DASHBOARD_LAYOUT_TABLE" | "DASHBOARD_LAYOUT_LIST" | "DASHBOARD_LAYOUT_GRID";

/** Whether a kind of broker may be used; WARNING is yes, but not for long. */
export type AsConfiguration_PubSub_Providers_Status = "ENABLED" | "WARNING" | "DISABLED";

/** The quality of service of MQTT. */
export type ApplicationPubSub_MQTTProvider_QoS = "AT_MOST_ONCE" | "AT_LEAST_ONCE" | "EXACTLY_ONCE";

/** Whether the frame was sent, or why not. */
export type TxAcknowledgment_Result =
  | "SUCCESS"
  | "UNKNOWN_ERROR"
  | "TOO_LATE"
  | "TOO_EARLY"
  | "COLLISION_PACKET"
  | "COLLISION_BEACON"
  | "TX_FREQ"
  | "TX_POWER"
  | "GPS_UNLOCKED";

/** What the servers know of one end device, held against each other. */
export interface EndDeviceCheckReport {
  end_device_ids?: EndDeviceIdentifiers;
  /** No finding is an error. */
  complete?: boolean;
  present?: EndDeviceCheckReport_Presence;
  /** Errors first. */
  findings?: EndDeviceCheckReport_Finding[];
}

/** Which servers have the end device. */
export interface EndDeviceCheckReport_Presence {
  identity_server?: boolean;
  join_server?: boolean;
  network_server?: boolean;
  application_server?: boolean;
}

/** One thing that is not as it should be. */
export interface EndDeviceCheckReport_Finding {
  /** "identity-server", "join-server", "network-server" or "application-server". */
  server?: string;
  /** "error" keeps the end device from working, "warning" does not. */
  severity?: string;
  /** A name for the kind of finding that does not change, such as "missing_root_key". */
  code?: string;
  message?: string;
  /** What to do about it. */
  remedy?: string;
}

/** A tenant's settings; what is unset is as the deployment has it. */
export interface TenantConfiguration {
  /** Used by every cluster that `clusters` does not name. */
  default_cluster?: Configuration_Cluster;
  /** By the identifier of the cluster. */
  clusters?: { [key: string]: Configuration_Cluster };
  pb?: Configuration_PacketBroker;
}

/** Pages and mails. */
export interface Configuration_UI {
  /** Where the pictures and style sheets of the tenant's own look lie. */
  branding_base_url?: string;
}

/** The settings of one cluster of servers. */
export interface Configuration_Cluster {
  ui?: Configuration_UI;
  is?: Configuration_Cluster_IdentityServer;
  gs?: Configuration_Cluster_GatewayServer;
  ns?: Configuration_Cluster_NetworkServer;
  as?: Configuration_Cluster_ApplicationServer;
  js?: Configuration_Cluster_JoinServer;
  noc?: Configuration_Cluster_NetworkOperationsCenter;
  ars?: Configuration_Cluster_AlertRoutingServer;
}

/** Users, their rights and their limits. */
export interface Configuration_Cluster_IdentityServer {
  user_registration?: Configuration_Cluster_IdentityServer_UserRegistration;
  profile_picture?: Configuration_Cluster_IdentityServer_ProfilePicture;
  end_device_picture?: Configuration_Cluster_IdentityServer_EndDevicePicture;
  user_rights?: Configuration_Cluster_IdentityServer_UserRights;
  admin_rights?: Configuration_Cluster_IdentityServer_AdminRights;
  user_login?: Configuration_Cluster_IdentityServer_UserLogin;
  email?: Configuration_Cluster_IdentityServer_Email;
  application_limits?: Configuration_Cluster_IdentityServer_ApplicationLimits;
  organization_limits?: Configuration_Cluster_IdentityServer_OrganizationLimits;
  user_limits?: Configuration_Cluster_IdentityServer_UserLimits;
}

/** Who may register as a user, and how. */
export interface Configuration_Cluster_IdentityServer_UserRegistration {
  invitation?: Configuration_Cluster_IdentityServer_UserRegistration_Invitation;
  contact_info_validation?: Configuration_Cluster_IdentityServer_UserRegistration_ContactInfoValidation;
  admin_approval?: Configuration_Cluster_IdentityServer_UserRegistration_AdminApproval;
  password_requirements?: Configuration_Cluster_IdentityServer_UserRegistration_PasswordRequirements;
  /** Users can register themselves. */
  enabled?: boolean;
}

/** Whether an invitation is needed, and how long it lasts. */
export interface Configuration_Cluster_IdentityServer_UserRegistration_Invitation {
  /** Nobody can register without an invitation. */
  required?: boolean;
  /** How long an invitation can be accepted. */
  token_ttl?: Duration;
}

/** Whether the e-mail address must be confirmed. */
export interface Configuration_Cluster_IdentityServer_UserRegistration_ContactInfoValidation {
  /** Users must confirm their e-mail address before they can do anything else. */
  required?: boolean;
}

/** Whether an admin must approve new users. */
export interface Configuration_Cluster_IdentityServer_UserRegistration_AdminApproval {
  /** An admin must approve a user before they can do anything else. */
  required?: boolean;
}

/** What a password must have at least, counted in characters. */
export interface Configuration_Cluster_IdentityServer_UserRegistration_PasswordRequirements {
  min_length?: number;
  max_length?: number;
  min_uppercase?: number;
  min_digits?: number;
  min_special?: number;
}

/** Pictures of users. */
export interface Configuration_Cluster_IdentityServer_ProfilePicture {
  disable_upload?: boolean;
  use_gravatar?: boolean;
}

/** Pictures of end devices. */
export interface Configuration_Cluster_IdentityServer_EndDevicePicture {
  disable_upload?: boolean;
}

/** What users who are no admins may do. */
export interface Configuration_Cluster_IdentityServer_UserRights {
  create_applications?: boolean;
  create_clients?: boolean;
  create_gateways?: boolean;
  create_organizations?: boolean;
  update_primary_email_address?: boolean;
  update_name?: boolean;
}

/** What admins may do. */
export interface Configuration_Cluster_IdentityServer_AdminRights {
  /** Admins hold the rights to keys and collaborators of every entity too. */
  all?: boolean;
}

/** How users log in. */
export interface Configuration_Cluster_IdentityServer_UserLogin {
  /** Users log in through an external provider only. */
  disable_credentials_login?: boolean;
}

/** Mails that are sent. */
export interface Configuration_Cluster_IdentityServer_Email {
  network?: Configuration_Cluster_IdentityServer_Email_Network;
}

export interface Configuration_Cluster_IdentityServer_Email_Network {
  branding_base_url?: string;
}

/** The largest number of entities in a new application. */
export interface Configuration_Cluster_IdentityServer_ApplicationLimits {
  end_devices?: string;
}

/** The largest number of entities of a new organization. */
export interface Configuration_Cluster_IdentityServer_OrganizationLimits {
  applications?: string;
  clients?: string;
  gateways?: string;
}

/** The largest number of entities of a new user. */
export interface Configuration_Cluster_IdentityServer_UserLimits {
  applications?: string;
  clients?: string;
  gateways?: string;
  organizations?: string;
}

/** How gateways connect. */
export interface Configuration_Cluster_GatewayServer {
  mtls_authentication?: Configuration_Cluster_GatewayServer_MTLSAuthentication;
}

/** How gateways prove themselves with certificates. */
export interface Configuration_Cluster_GatewayServer_MTLSAuthentication {
  /** Certificates that a gateway's client certificate must be signed by, in PEM. Base64. */
  client_ca_pool?: string;
}

/** The network and its timing. */
export interface Configuration_Cluster_NetworkServer {
  /** 6 hexadecimal digits. */
  net_id?: string;
  /** 16 hexadecimal digits. */
  ns_id?: string;
  /** The blocks that addresses of new sessions are taken from. Such as "26000000/7". */
  dev_addr_prefixes?: string[];
  /** How long copies of a frame are collected before it is handled. */
  deduplication_window?: Duration;
  /** How long later copies of a frame are added to what is known of its reception. */
  cooldown_window?: Duration;
}

/** Integrations of applications. */
export interface Configuration_Cluster_ApplicationServer {
  webhooks?: Configuration_Cluster_ApplicationServer_Webhooks;
}

/** Webhooks. */
export interface Configuration_Cluster_ApplicationServer_Webhooks {
  queue?: Configuration_Cluster_ApplicationServer_Webhooks_Queue;
}

/** Whether requests wait in a queue that survives a restart. */
export interface Configuration_Cluster_ApplicationServer_Webhooks_Queue {
  enabled?: boolean;
}

/** Which end devices can join. */
export interface Configuration_Cluster_JoinServer {
  /** Each is a JoinEUI and, in a ninth byte, the number of its leading bits that count. Base64. */
  join_eui_prefixes?: string[];
}

/** Statistics of the network. */
export interface Configuration_Cluster_NetworkOperationsCenter {
  access?: Configuration_Cluster_NetworkOperationsCenter_Access;
}

export interface Configuration_Cluster_NetworkOperationsCenter_Access {
  extended?: boolean;
}

/** Alerts. */
export interface Configuration_Cluster_AlertRoutingServer {
  routing?: Configuration_Cluster_AlertRoutingServer_Routing;
}

export interface Configuration_Cluster_AlertRoutingServer_Routing {
  enabled?: boolean;
}

/** Packet Broker. */
export interface Configuration_PacketBroker {
  /** The tenant is listed among the networks to peer with. */
  listed?: boolean;
}

/** The name of a tenant. */
export interface TenantIdentifiers {
  tenant_id?: string;
}

/** A tenant, what it may hold at most, and how it differs from the deployment. */
export interface Tenant {
  ids?: TenantIdentifiers;
  created_at?: Timestamp;
  updated_at?: Timestamp;
  name?: string;
  description?: string;
  attributes?: { [key: string]: string };
  /** @deprecated */
  contact_info?: ContactInfo[];
  /** How many of each kind there may be; unset is without limit. */
  max_applications?: string;
  max_clients?: string;
  max_end_devices?: string;
  max_gateways?: string;
  max_organizations?: string;
  max_users?: string;
  /** Only an approved tenant is served. */
  state?: State;
  /** Why the state is what it is; cleared when the state changes without a new description. */
  state_description?: string;
  /** What the tenant is entitled to; kept as it is. */
  capabilities?: Struct;
  configuration?: TenantConfiguration;
  /** When the tenant was deleted; its data stays until it is purged. */
  deleted_at?: Timestamp;
  administrative_contact?: OrganizationOrUserIdentifiers;
  technical_contact?: OrganizationOrUserIdentifiers;
}

/** One page of tenants; the number of all is in the header X-Total-Count. */
export interface Tenants {
  tenants?: Tenant[];
}

/** A new tenant, and its first admin if one is to be created with it. */
export interface CreateTenantRequest {
  tenant?: Tenant;
  initial_user?: User;
}

/** One tenant, with the fields of the mask. */
export interface GetTenantRequest {
  tenant_ids?: TenantIdentifiers;
  field_mask?: FieldMask;
}

/** Tenants, page by page. */
export interface ListTenantsRequest {
  field_mask?: FieldMask;
  /** A leading minus reverses the order. */
  order?: string;
  limit?: number;
  /** Counts from 1. */
  page?: number;
}

/** The fields of the mask are set to what `tenant` has, or cleared. */
export interface UpdateTenantRequest {
  tenant?: Tenant;
  field_mask?: FieldMask;
}

/** Which numbers are wanted, and of which tenant; without one, of the whole deployment. */
export interface GetTenantRegistryTotalsRequest {
  tenant_ids?: TenantIdentifiers;
  field_mask?: FieldMask;
}

/** How many entities there are. */
export interface TenantRegistryTotals {
  applications?: string;
  clients?: string;
  end_devices?: string;
  /** End devices that have been heard. */
  activated_end_devices?: string;
  gateways?: string;
  organizations?: string;
  users?: string;
}

/** The same for several tenants. */
export interface BatchGetTenantRegistryTotalsRequest {
  tenant_ids?: TenantIdentifiers[];
  field_mask?: FieldMask;
}

/** The numbers of one tenant among several. */
export interface BatchTenantRegistryTotals {
  tenant_ids?: TenantIdentifiers;
  totals?: TenantRegistryTotals;
}

/** The numbers of each tenant that was asked for. */
export interface BatchGetTenantRegistryTotalsResponse {
  totals?: BatchTenantRegistryTotals[];
}

/** Whose end device this is. */
export interface GetTenantIdentifiersForEndDeviceEUIsRequest {
  /** 16 hexadecimal digits. */
  join_eui?: string;
  /** 16 hexadecimal digits. */
  dev_eui?: string;
}

/** Whose gateway this is. */
export interface GetTenantIdentifiersForGatewayEUIRequest {
  /** 16 hexadecimal digits. */
  eui?: string;
}

/** A gateway of any tenant; the mask names fields of the gateway. */
export interface GetGatewayInfoForEUIRequest {
  /** 16 hexadecimal digits. */
  eui?: string;
  field_mask?: FieldMask;
}

/** A gateway and whose it is. */
export interface GetGatewayInfoForEUIResponse {
  tenant_ids?: TenantIdentifiers;
  gateway?: Gateway;
}

/** The EUI is taken from the gateway that has it. */
export interface ReleaseGatewayEUIRequest {
  /** 16 hexadecimal digits. */
  eui?: string;
}

/** What devices belong to and messages are delivered to. */
export interface Application {
  ids?: ApplicationIdentifiers;
  created_at?: Timestamp;
  updated_at?: Timestamp;
  deleted_at?: Timestamp;
  name?: string;
  description?: string;
  attributes?: { [key: string]: string };
  /** @deprecated */
  contact_info?: ContactInfo[];
  administrative_contact?: OrganizationOrUserIdentifiers;
  technical_contact?: OrganizationOrUserIdentifiers;
  /** Devices of the application must be registered at these addresses when they are set. */
  network_server_address?: string;
  application_server_address?: string;
  join_server_address?: string;
  dev_eui_counter?: number;
}

/** One page of applications; the number of all is in the header X-Total-Count. */
export interface Applications {
  applications?: Application[];
}

/** A DevEUI from the block of the deployment, issued once. */
export interface IssueDevEUIResponse {
  /** 16 hexadecimal digits. */
  dev_eui?: string;
}

/** One application, with the fields of the mask. */
export interface GetApplicationRequest {
  application_ids?: ApplicationIdentifiers;
  field_mask?: FieldMask;
}

/** Applications of a collaborator, or all that the caller may see. */
export interface ListApplicationsRequest {
  collaborator?: OrganizationOrUserIdentifiers;
  field_mask?: FieldMask;
  /** A leading minus reverses the order. */
  order?: string;
  limit?: number;
  /** Counts from 1. */
  page?: number;
  deleted?: boolean;
}

/** A new application and who becomes its first collaborator, with all rights. */
export interface CreateApplicationRequest {
  application?: Application;
  collaborator?: OrganizationOrUserIdentifiers;
}

/** The fields of the mask are set to what `application` has, or cleared. */
export interface UpdateApplicationRequest {
  application?: Application;
  field_mask?: FieldMask;
}

/** The API keys of an application, without their secrets. */
export interface ListApplicationAPIKeysRequest {
  application_ids?: ApplicationIdentifiers;
  order?: string;
  limit?: number;
  page?: number;
}

/** One API key of an application, without its secret. */
export interface GetApplicationAPIKeyRequest {
  application_ids?: ApplicationIdentifiers;
  key_id?: string;
}

/** A new API key; nobody can give rights that they do not hold. */
export interface CreateApplicationAPIKeyRequest {
  application_ids?: ApplicationIdentifiers;
  name?: string;
  rights?: Right[];
  expires_at?: Timestamp;
}

/** A change of an API key. */
export interface UpdateApplicationAPIKeyRequest {
  application_ids?: ApplicationIdentifiers;
  api_key?: APIKey;
  field_mask?: FieldMask;
}

/** The end of an API key. */
export interface DeleteApplicationAPIKeyRequest {
  application_ids?: ApplicationIdentifiers;
  key_id?: string;
}

/** Who holds rights on an application. */
export interface ListApplicationCollaboratorsRequest {
  application_ids?: ApplicationIdentifiers;
  limit?: number;
  page?: number;
  order?: string;
}

/** The rights of one collaborator. */
export interface GetApplicationCollaboratorRequest {
  application_ids?: ApplicationIdentifiers;
  collaborator?: OrganizationOrUserIdentifiers;
}

/** A collaborator's rights from now on; none remove the collaborator. */
export interface SetApplicationCollaboratorRequest {
  application_ids?: ApplicationIdentifiers;
  collaborator?: Collaborator;
}

/** Removes a collaborator. */
export interface DeleteApplicationCollaboratorRequest {
  application_ids?: ApplicationIdentifiers;
  collaborator_ids?: OrganizationOrUserIdentifiers;
}

/** What the Application Server does with all messages of an application. */
export interface ApplicationLink {
  default_formatters?: MessagePayloadFormatters;
  /** Payloads are delivered encrypted, for who keeps the AppSKey to himself. */
  skip_payload_crypto?: boolean;
}

/** The link of an application. */
export interface GetApplicationLinkRequest {
  application_ids?: ApplicationIdentifiers;
  field_mask?: FieldMask;
}

/** Sets the fields of the mask of an application's link. */
export interface SetApplicationLinkRequest {
  application_ids?: ApplicationIdentifiers;
  link?: ApplicationLink;
  field_mask?: FieldMask;
}

/** When the link last carried something. */
export interface ApplicationLinkStats {
  linked_at?: Timestamp;
  network_server_address?: string;
  last_up_received_at?: Timestamp;
  /** Messages to the application since the link was made. */
  up_count?: string;
  last_downlink_forwarded_at?: Timestamp;
  /** Downlinks from the application since the link was made. */
  downlink_count?: string;
}

/** What of the Application Server's configuration clients need to know. */
export interface AsConfiguration {
  pubsub?: AsConfiguration_PubSub;
  webhooks?: AsConfiguration_Webhooks;
}

/** Pub/sub integrations. */
export interface AsConfiguration_PubSub {
  providers?: AsConfiguration_PubSub_Providers;
}

/** Which kinds of broker may be used. */
export interface AsConfiguration_PubSub_Providers {
  mqtt?: AsConfiguration_PubSub_Providers_Status;
  nats?: AsConfiguration_PubSub_Providers_Status;
}

/** Webhooks. */
export interface AsConfiguration_Webhooks {
  /** After this many failures in a row a webhook is left alone for a while. */
  unhealthy_attempts_threshold?: string;
  /** How long it is left alone. */
  unhealthy_retry_interval?: Duration;
}

/** Nothing to ask for in particular. */
export type GetAsConfigurationRequest = Empty;

/** The configuration of the Application Server. */
export interface GetAsConfigurationResponse {
  configuration?: AsConfiguration;
}

/** What the Network Server hands to the Application Server. */
export interface NsAsHandleUplinkRequest {
  application_ups?: ApplicationUp[];
}

/** A downlink to try a formatter with. */
export interface EncodeDownlinkRequest {
  end_device_ids?: EndDeviceIdentifiers;
  version_ids?: EndDeviceVersionIdentifiers;
  downlink?: ApplicationDownlink;
  formatter?: PayloadFormatter;
  parameter?: string;
}

/** The downlink with its bytes. */
export interface EncodeDownlinkResponse {
  downlink?: ApplicationDownlink;
}

/** An uplink to try a formatter with. */
export interface DecodeUplinkRequest {
  end_device_ids?: EndDeviceIdentifiers;
  version_ids?: EndDeviceVersionIdentifiers;
  uplink?: ApplicationUplink;
  formatter?: PayloadFormatter;
  parameter?: string;
}

/** The uplink with its decoded payload. */
export interface DecodeUplinkResponse {
  uplink?: ApplicationUplink;
}

/** A downlink to try a formatter with. */
export interface DecodeDownlinkRequest {
  end_device_ids?: EndDeviceIdentifiers;
  version_ids?: EndDeviceVersionIdentifiers;
  downlink?: ApplicationDownlink;
  formatter?: PayloadFormatter;
  parameter?: string;
}

/** The downlink with its decoded payload. */
export interface DecodeDownlinkResponse {
  downlink?: ApplicationDownlink;
}

/** A command of the clock synchronisation package, of either direction. */
export interface ALCSyncCommand {
  cid?: ALCSyncCommandIdentifier;
  app_time_req?: ALCSyncCommand_AppTimeReq;
  app_time_ans?: ALCSyncCommand_AppTimeAns;
}

/** An end device says what time it has. */
export interface ALCSyncCommand_AppTimeReq {
  /** The end device's clock when it sent the frame. */
  DeviceTime?: Timestamp;
  /** Chosen by the end device to tell the answer by. */
  TokenReq?: number;
  /** An answer is wanted even when the clock is right. */
  AnsRequired?: boolean;
}

/** By how much the end device's clock is wrong. */
export interface ALCSyncCommand_AppTimeAns {
  /** Seconds to add. */
  TimeCorrection?: number;
  /** The token of the request. */
  TokenAns?: number;
}

/** Where to go on with a long list of stored messages; clients treat it as opaque. */
export interface ContinuationTokenPayload {
  limit?: number;
  after?: Timestamp;
  before?: Timestamp;
  f_port?: number;
  order?: string;
  field_mask?: FieldMask;
  last?: Duration;
  last_received_id?: string;
}

/** Which stored messages of an application or of one end device are wanted. */
export interface GetStoredApplicationUpRequest {
  application_ids?: ApplicationIdentifiers;
  end_device_ids?: EndDeviceIdentifiers;
  /** The kind of message, as its member of ApplicationUp is called; all when empty. */
  type?: string;
  /** The largest number of messages. */
  limit?: number;
  /** Received at this time or later. */
  after?: Timestamp;
  /** Received before this time. */
  before?: Timestamp;
  /** Only of this port. */
  f_port?: number;
  /** Oldest first; `-received_at` is newest first. */
  order?: string;
  field_mask?: FieldMask;
  /** Received within this time until now. @deprecated */
  last?: Duration;
  /** Goes on where an earlier answer ended. */
  continuation_token?: string;
}

/** Which stored messages to count. */
export interface GetStoredApplicationUpCountRequest {
  application_ids?: ApplicationIdentifiers;
  end_device_ids?: EndDeviceIdentifiers;
  /** The kind of message, as its member of ApplicationUp is called; all when empty. */
  type?: string;
  after?: Timestamp;
  before?: Timestamp;
  f_port?: number;
  /** Received within this time until now. */
  last?: Duration;
}

/** How many messages there are. */
export interface GetStoredApplicationUpCountResponse {
  /** By end device. */
  count?: { [key: string]: number };
}

/** A package that can be used. */
export interface ApplicationPackage {
  name?: string;
  /** The port that its end devices usually use. */
  default_f_port?: number;
}

/** The packages that can be used. */
export interface ApplicationPackages {
  packages?: ApplicationPackage[];
}

/** One port of one end device. */
export interface ApplicationPackageAssociationIdentifiers {
  end_device_ids?: EndDeviceIdentifiers;
  f_port?: number;
}

/** A package that handles the messages of one port of an end device. */
export interface ApplicationPackageAssociation {
  ids?: ApplicationPackageAssociationIdentifiers;
  created_at?: Timestamp;
  updated_at?: Timestamp;
  package_name?: string;
  /** Settings and state of the package; its own form. */
  data?: Struct;
}

/** One page of associations; the number of all is in the header X-Total-Count. */
export interface ApplicationPackageAssociations {
  associations?: ApplicationPackageAssociation[];
}

/** One association, with the fields of the mask. */
export interface GetApplicationPackageAssociationRequest {
  ids?: ApplicationPackageAssociationIdentifiers;
  field_mask?: FieldMask;
}

/** The associations of an end device. */
export interface ListApplicationPackageAssociationRequest {
  ids?: EndDeviceIdentifiers;
  limit?: number;
  page?: number;
  field_mask?: FieldMask;
}

/** A new association, or the fields of the mask of one. */
export interface SetApplicationPackageAssociationRequest {
  association?: ApplicationPackageAssociation;
  field_mask?: FieldMask;
}

/** One port of all end devices of an application. */
export interface ApplicationPackageDefaultAssociationIdentifiers {
  application_ids?: ApplicationIdentifiers;
  f_port?: number;
}

/** A package that handles the messages of one port of every end device of an application. */
export interface ApplicationPackageDefaultAssociation {
  ids?: ApplicationPackageDefaultAssociationIdentifiers;
  created_at?: Timestamp;
  updated_at?: Timestamp;
  package_name?: string;
  /** Settings of the package that all end devices share; its own form. */
  data?: Struct;
}

/** One page of associations; the number of all is in the header X-Total-Count. */
export interface ApplicationPackageDefaultAssociations {
  defaults?: ApplicationPackageDefaultAssociation[];
}

/** One association, with the fields of the mask. */
export interface GetApplicationPackageDefaultAssociationRequest {
  ids?: ApplicationPackageDefaultAssociationIdentifiers;
  field_mask?: FieldMask;
}

/** The associations of an application. */
export interface ListApplicationPackageDefaultAssociationRequest {
  ids?: ApplicationIdentifiers;
  limit?: number;
  page?: number;
  field_mask?: FieldMask;
}

/** A new association, or the fields of the mask of one. */
export interface SetApplicationPackageDefaultAssociationRequest {
  default?: ApplicationPackageDefaultAssociation;
  field_mask?: FieldMask;
}

/** The name of a pub/sub integration. */
export interface ApplicationPubSubIdentifiers {
  application_ids?: ApplicationIdentifiers;
  pub_sub_id?: string;
}

/** A broker of the user that the application's messages go to and downlinks come from. */
export interface ApplicationPubSub {
  ids?: ApplicationPubSubIdentifiers;
  created_at?: Timestamp;
  updated_at?: Timestamp;
  /** One of those that GetFormats lists. */
  format?: string;
  nats?: ApplicationPubSub_NATSProvider;
  mqtt?: ApplicationPubSub_MQTTProvider;
  aws_iot?: ApplicationPubSub_AWSIoTProvider;
  /** What all topics begin with. */
  base_topic?: string;
  downlink_push?: ApplicationPubSub_Message;
  downlink_replace?: ApplicationPubSub_Message;
  uplink_message?: ApplicationPubSub_Message;
  uplink_normalized?: ApplicationPubSub_Message;
  join_accept?: ApplicationPubSub_Message;
  downlink_ack?: ApplicationPubSub_Message;
  downlink_nack?: ApplicationPubSub_Message;
  downlink_sent?: ApplicationPubSub_Message;
  downlink_failed?: ApplicationPubSub_Message;
  downlink_queued?: ApplicationPubSub_Message;
  downlink_queue_invalidated?: ApplicationPubSub_Message;
  location_solved?: ApplicationPubSub_Message;
  service_data?: ApplicationPubSub_Message;
}

/** A NATS server. */
export interface ApplicationPubSub_NATSProvider {
  server_url?: string;
}

/** An MQTT server. */
export interface ApplicationPubSub_MQTTProvider {
  server_url?: string;
  /** Must be the only one of this name at the server. */
  client_id?: string;
  username?: string;
  password?: string;
  subscribe_qos?: ApplicationPubSub_MQTTProvider_QoS;
  publish_qos?: ApplicationPubSub_MQTTProvider_QoS;
  use_tls?: boolean;
  /** Certificates to trust, in PEM. Base64. */
  tls_ca?: string;
  /** In PEM. Base64. */
  tls_client_cert?: string;
  /** In PEM. Base64. */
  tls_client_key?: string;
  /** Headers of the request when MQTT runs over WebSocket. */
  headers?: { [key: string]: string };
}

/** AWS IoT. */
export interface ApplicationPubSub_AWSIoTProvider {
  region?: string;
  access_key?: ApplicationPubSub_AWSIoTProvider_AccessKey;
  assume_role?: ApplicationPubSub_AWSIoTProvider_AssumeRole;
  /** Found out when empty. */
  endpoint_address?: string;
  default?: ApplicationPubSub_AWSIoTProvider_DefaultIntegration;
}

/** A key of an AWS user. */
export interface ApplicationPubSub_AWSIoTProvider_AccessKey {
  access_key_id?: string;
  secret_access_key?: string;
  session_token?: string;
}

/** A role of an AWS account. */
export interface ApplicationPubSub_AWSIoTProvider_AssumeRole {
  /** The name of the role. */
  arn?: string;
  /** What the account asks for besides, so that nobody else can use the role through us. */
  external_id?: string;
  session_duration?: Duration;
}

/** A stack in the AWS account that was set up for this integration. */
export interface ApplicationPubSub_AWSIoTProvider_DefaultIntegration {
  stack_name?: string;
}

/** Where one kind of message goes or comes from; a kind without it is not exchanged. */
export interface ApplicationPubSub_Message {
  /** Below the base topic. */
  topic?: string;
}

/** The pub/sub integrations of an application. */
export interface ApplicationPubSubs {
  pubsubs?: ApplicationPubSub[];
}

/** How messages can be written. */
export interface ApplicationPubSubFormats {
  /** What people call them, by identifier. */
  formats?: { [key: string]: string };
}

/** One pub/sub integration, with the fields of the mask. */
export interface GetApplicationPubSubRequest {
  ids?: ApplicationPubSubIdentifiers;
  field_mask?: FieldMask;
}

/** The pub/sub integrations of an application. */
export interface ListApplicationPubSubsRequest {
  application_ids?: ApplicationIdentifiers;
  field_mask?: FieldMask;
}

/** A new pub/sub integration, or the fields of the mask of one. */
export interface SetApplicationPubSubRequest {
  pubsub?: ApplicationPubSub;
  field_mask?: FieldMask;
}

/** The name of a webhook. */
export interface ApplicationWebhookIdentifiers {
  application_ids?: ApplicationIdentifiers;
  webhook_id?: string;
}

/** The name of a webhook template. */
export interface ApplicationWebhookTemplateIdentifiers {
  template_id?: string;
}

/** Something that a user fills in to make a webhook from a template. */
export interface ApplicationWebhookTemplateField {
  id?: string;
  name?: string;
  description?: string;
  /** Not shown while it is typed. */
  secret?: boolean;
  default_value?: string;
  optional?: boolean;
}

/** A webhook that is ready but for a few fields, for a known service. */
export interface ApplicationWebhookTemplate {
  ids?: ApplicationWebhookTemplateIdentifiers;
  name?: string;
  description?: string;
  logo_url?: string;
  info_url?: string;
  documentation_url?: string;
  /** May name fields in braces. */
  base_url?: string;
  /** May name fields in braces. */
  headers?: { [key: string]: string };
  format?: string;
  fields?: ApplicationWebhookTemplateField[];
  /** The service sends downlinks, so a key is made for it. */
  create_downlink_api_key?: boolean;
  uplink_message?: ApplicationWebhookTemplate_Message;
  uplink_normalized?: ApplicationWebhookTemplate_Message;
  join_accept?: ApplicationWebhookTemplate_Message;
  downlink_ack?: ApplicationWebhookTemplate_Message;
  downlink_nack?: ApplicationWebhookTemplate_Message;
  downlink_sent?: ApplicationWebhookTemplate_Message;
  downlink_failed?: ApplicationWebhookTemplate_Message;
  downlink_queued?: ApplicationWebhookTemplate_Message;
  downlink_queue_invalidated?: ApplicationWebhookTemplate_Message;
  location_solved?: ApplicationWebhookTemplate_Message;
  service_data?: ApplicationWebhookTemplate_Message;
  /** Which fields of the messages are posted; all when empty. */
  field_mask?: FieldMask;
}

/** Where one kind of message is posted. */
export interface ApplicationWebhookTemplate_Message {
  /** Below the base URL; may name fields in braces. */
  path?: string;
}

/** The webhook templates of the deployment. */
export interface ApplicationWebhookTemplates {
  templates?: ApplicationWebhookTemplate[];
}

/** Whether requests of a webhook get through. */
export interface ApplicationWebhookHealth {
  healthy?: ApplicationWebhookHealth_WebhookHealthStatusHealthy;
  unhealthy?: ApplicationWebhookHealth_WebhookHealthStatusUnhealthy;
}

/** The last request got through. */
export type ApplicationWebhookHealth_WebhookHealthStatusHealthy = Empty;

/** Recent requests failed. */
export interface ApplicationWebhookHealth_WebhookHealthStatusUnhealthy {
  /** In a row. */
  failed_attempts?: string;
  last_failed_attempt_at?: Timestamp;
  last_failed_attempt_details?: ErrorDetails;
}

/** A server of the user that the application's messages are posted to. */
export interface ApplicationWebhook {
  ids?: ApplicationWebhookIdentifiers;
  created_at?: Timestamp;
  updated_at?: Timestamp;
  base_url?: string;
  /** Of every request, such as for authorization. */
  headers?: { [key: string]: string };
  /** One of those that GetFormats lists. */
  format?: string;
  /** What the webhook was made from. */
  template_ids?: ApplicationWebhookTemplateIdentifiers;
  /** What was filled in. */
  template_fields?: { [key: string]: string };
  /** Sent along, so that the server can send downlinks. */
  downlink_api_key?: string;
  uplink_message?: ApplicationWebhook_Message;
  uplink_normalized?: ApplicationWebhook_Message;
  join_accept?: ApplicationWebhook_Message;
  downlink_ack?: ApplicationWebhook_Message;
  downlink_nack?: ApplicationWebhook_Message;
  downlink_sent?: ApplicationWebhook_Message;
  downlink_failed?: ApplicationWebhook_Message;
  downlink_queued?: ApplicationWebhook_Message;
  downlink_queue_invalidated?: ApplicationWebhook_Message;
  location_solved?: ApplicationWebhook_Message;
  service_data?: ApplicationWebhook_Message;
  health_status?: ApplicationWebhookHealth;
  /** Which fields of the messages are posted; all when empty. */
  field_mask?: FieldMask;
  /** Nothing is posted for now. */
  paused?: boolean;
}

/** Where one kind of message is posted; a kind without it is not. */
export interface ApplicationWebhook_Message {
  /** Below the base URL. */
  path?: string;
}

/** The webhooks of an application. */
export interface ApplicationWebhooks {
  webhooks?: ApplicationWebhook[];
}

/** How messages can be written. */
export interface ApplicationWebhookFormats {
  /** What people call them, by identifier. */
  formats?: { [key: string]: string };
}

/** One webhook, with the fields of the mask. */
export interface GetApplicationWebhookRequest {
  ids?: ApplicationWebhookIdentifiers;
  field_mask?: FieldMask;
}

/** The webhooks of an application. */
export interface ListApplicationWebhooksRequest {
  application_ids?: ApplicationIdentifiers;
  field_mask?: FieldMask;
}

/** A new webhook, or the fields of the mask of one. */
export interface SetApplicationWebhookRequest {
  webhook?: ApplicationWebhook;
  field_mask?: FieldMask;
}

/** One webhook template, with the fields of the mask. */
export interface GetApplicationWebhookTemplateRequest {
  ids?: ApplicationWebhookTemplateIdentifiers;
  field_mask?: FieldMask;
}

/** The webhook templates, with the fields of the mask. */
export interface ListApplicationWebhookTemplatesRequest {
  field_mask?: FieldMask;
}

/** A program that acts for users, with the rights that each of them allows. */
export interface Client {
  ids?: ClientIdentifiers;
  created_at?: Timestamp;
  updated_at?: Timestamp;
  deleted_at?: Timestamp;
  name?: string;
  description?: string;
  attributes?: { [key: string]: string };
  /** @deprecated */
  contact_info?: ContactInfo[];
  administrative_contact?: OrganizationOrUserIdentifiers;
  technical_contact?: OrganizationOrUserIdentifiers;
  /** Only a digest is kept; shown once. */
  secret?: string;
  /** Where users may be sent back to after they allowed the client. */
  redirect_uris?: string[];
  /** Where users may be sent back to after they logged out. */
  logout_redirect_uris?: string[];
  /** Only an approved client works for users who are not its collaborators. */
  state?: State;
  state_description?: string;
  /** Users are not asked whether they allow the client. Only admins set this. */
  skip_authorization?: boolean;
  /** Vouched for by the deployment. Only admins set this. */
  endorsed?: boolean;
  grants?: GrantType[];
  /** The most that a user can allow the client. */
  rights?: Right[];
}

/** One page of OAuth clients; the number of all is in the header X-Total-Count. */
export interface Clients {
  clients?: Client[];
}

/** One OAuth client, with the fields of the mask. */
export interface GetClientRequest {
  client_ids?: ClientIdentifiers;
  field_mask?: FieldMask;
}

/** OAuth clients of a collaborator, or all that the caller may see. */
export interface ListClientsRequest {
  collaborator?: OrganizationOrUserIdentifiers;
  field_mask?: FieldMask;
  /** A leading minus reverses the order. */
  order?: string;
  limit?: number;
  /** Counts from 1. */
  page?: number;
  deleted?: boolean;
}

/** A new OAuth client and who becomes its first collaborator, with all rights. */
export interface CreateClientRequest {
  client?: Client;
  collaborator?: OrganizationOrUserIdentifiers;
}

/** The fields of the mask are set to what `client` has, or cleared. */
export interface UpdateClientRequest {
  client?: Client;
  field_mask?: FieldMask;
}

/** Who holds rights on an OAuth client. */
export interface ListClientCollaboratorsRequest {
  client_ids?: ClientIdentifiers;
  limit?: number;
  page?: number;
  order?: string;
}

/** The rights of one collaborator. */
export interface GetClientCollaboratorRequest {
  client_ids?: ClientIdentifiers;
  collaborator?: OrganizationOrUserIdentifiers;
}

/** A collaborator's rights from now on; none remove the collaborator. */
export interface SetClientCollaboratorRequest {
  client_ids?: ClientIdentifiers;
  collaborator?: Collaborator;
}

/** Removes a collaborator. */
export interface DeleteClientCollaboratorRequest {
  client_ids?: ClientIdentifiers;
  collaborator_ids?: OrganizationOrUserIdentifiers;
}

/** What a server of the deployment tells of itself. */
export interface PeerInfo {
  grpc_port?: number;
  tls?: boolean;
  roles?: ClusterRole[];
  tags?: { [key: string]: string };
}

/** Frequency plans, of one base frequency in MHz or band when given. */
export interface ListFrequencyPlansRequest {
  /** MHz. */
  base_frequency?: number;
  band_id?: string;
  gateways_only?: boolean;
}

/** A frequency plan that devices and gateways can be registered with. */
export interface FrequencyPlanDescription {
  id?: string;
  base_id?: string;
  name?: string;
  /** MHz. */
  base_frequency?: number;
  band_id?: string;
}

/** The frequency plans of the deployment. */
export interface ListFrequencyPlansResponse {
  frequency_plans?: FrequencyPlanDescription[];
}

/** Regional parameter versions, of one band when given. */
export interface GetPhyVersionsRequest {
  band_id?: string;
}

/** The regional parameter versions of each band. */
export interface GetPhyVersionsResponse {
  version_info?: GetPhyVersionsResponse_VersionInfo[];
}

/** The versions of one band. */
export interface GetPhyVersionsResponse_VersionInfo {
  band_id?: string;
  phy_versions?: PHYVersion[];
}

/** Bands, of one identifier or version when given. */
export interface ListBandsRequest {
  band_id?: string;
  phy_version?: PHYVersion;
}

/** A regional band in one version of its parameters. */
export interface BandDescription {
  id?: string;
  beacon?: BandDescription_Beacon;
  /** Hz. */
  ping_slot_frequencies?: string[];
  max_uplink_channels?: number;
  uplink_channels?: BandDescription_Channel[];
  max_downlink_channels?: number;
  downlink_channels?: BandDescription_Channel[];
  sub_bands?: BandDescription_SubBandParameters[];
  /** By index. */
  data_rates?: { [key: string]: BandDescription_BandDataRate };
  /** Hz that one step of a frequency in a frame stands for. */
  freq_multiplier?: string;
  /** A join-accept can bring channels. */
  implements_cf_list?: boolean;
  cf_list_type?: CFListType;
  receive_delay_1?: Duration;
  receive_delay_2?: Duration;
  join_accept_delay_1?: Duration;
  join_accept_delay_2?: Duration;
  /** The largest step of a frame counter. */
  max_fcnt_gap?: string;
  supports_dynamic_adr?: boolean;
  adr_ack_limit?: ADRAckLimitExponent;
  min_retransmit_timeout?: Duration;
  max_retransmit_timeout?: Duration;
  /** dB below the most power, by index. */
  tx_offset?: number[];
  max_adr_data_rate_index?: DataRateIndex;
  relay_forward_delay?: Duration;
  relay_receive_delay?: Duration;
  /** End devices understand TxParamSetupReq. */
  tx_param_setup_req_support?: boolean;
  /** dBm. */
  default_max_eirp?: number;
  default_rx2_parameters?: BandDescription_Rx2Parameters;
  /** Assumed until the end device is told otherwise. */
  boot_dwell_time?: BandDescription_DwellTime;
  relay?: BandDescription_RelayParameters;
}

/** The beacon of class B. */
export interface BandDescription_Beacon {
  data_rate_index?: DataRateIndex;
  coding_rate?: string;
  /** Hz. */
  frequencies?: string[];
}

/** A channel; its frequency in Hz. */
export interface BandDescription_Channel {
  frequency?: string;
  min_data_rate?: DataRateIndex;
  max_data_rate?: DataRateIndex;
}

/** A range of frequencies in Hz and its limits. */
export interface BandDescription_SubBandParameters {
  min_frequency?: string;
  max_frequency?: string;
  /** A share of time between 0 and 1. */
  duty_cycle?: number;
  /** dBm. */
  max_eirp?: number;
}

/** A data rate of the band. */
export interface BandDescription_BandDataRate {
  rate?: DataRate;
}

/** The second receive window. */
export interface BandDescription_Rx2Parameters {
  data_rate_index?: DataRateIndex;
  frequency?: string;
}

/** Whether the time of a single transmission is limited. */
export interface BandDescription_DwellTime {
  uplinks?: boolean;
  downlinks?: boolean;
}

/** What relays use. */
export interface BandDescription_RelayParameters {
  wor_channels?: BandDescription_RelayParameters_RelayWORChannel[];
}

/** A channel on which end devices wake relays. */
export interface BandDescription_RelayParameters_RelayWORChannel {
  frequency?: string;
  ack_frequency?: string;
  data_rate_index?: DataRateIndex;
}

/** Bands by identifier, then by version. */
export interface ListBandsResponse {
  descriptions?: { [key: string]: ListBandsResponse_VersionedBandDescription };
}

/** One band by version. */
export interface ListBandsResponse_VersionedBandDescription {
  band?: { [key: string]: BandDescription };
}

/** One way to reach somebody. */
export interface ContactInfo {
  contact_type?: ContactType;
  contact_method?: ContactMethod;
  value?: string;
  public?: boolean;
  validated_at?: Timestamp;
}

/** Proof that contact details belong to an entity. */
export interface ContactInfoValidation {
  id?: string;
  token?: string;
  entity?: EntityIdentifiers;
  contact_info?: ContactInfo[];
  created_at?: Timestamp;
  expires_at?: Timestamp;
  updated_at?: Timestamp;
}

/** Which end device is claimed, and what becomes of it. */
export interface ClaimEndDeviceRequest {
  authenticated_identifiers?: ClaimEndDeviceRequest_AuthenticatedIdentifiers;
  /** The content of the QR code on the end device. Base64. */
  qr_code?: string;
  target_application_ids?: ApplicationIdentifiers;
  /** Made from the EUI when empty. */
  target_device_id?: string;
}

/** An end device's EUIs and the code that proves ownership. */
export interface ClaimEndDeviceRequest_AuthenticatedIdentifiers {
  /** 16 hexadecimal digits. */
  join_eui?: string;
  /** 16 hexadecimal digits. */
  dev_eui?: string;
  authentication_code?: string;
}

/** A key with which end devices of the application can be claimed from it. */
export interface AuthorizeApplicationRequest {
  application_ids?: ApplicationIdentifiers;
  api_key?: string;
}

/** Whether end devices with this JoinEUI can be claimed. */
export interface GetInfoByJoinEUIRequest {
  /** 16 hexadecimal digits. */
  join_eui?: string;
}

/** Whether end devices with this JoinEUI can be claimed. */
export interface GetInfoByJoinEUIResponse {
  /** 16 hexadecimal digits. */
  join_eui?: string;
  supports_claiming?: boolean;
}

/** The same for several JoinEUIs. */
export interface GetInfoByJoinEUIsRequest {
  requests?: GetInfoByJoinEUIRequest[];
}

/** The answers, in the order of the questions. */
export interface GetInfoByJoinEUIsResponse {
  infos?: GetInfoByJoinEUIResponse[];
}

/** Who has claimed an end device. */
export interface GetClaimStatusResponse {
  end_device_ids?: EndDeviceIdentifiers;
  /** The network that claimed the end device. 6 hexadecimal digits. */
  home_net_id?: string;
  /** 16 hexadecimal digits. */
  home_ns_id?: string;
  vendor_specific?: GetClaimStatusResponse_VendorSpecific;
}

/** What the Join Server's vendor says besides. */
export interface GetClaimStatusResponse_VendorSpecific {
  organization_unique_identifier?: number;
  data?: Struct;
}

/** End devices to give up, of one application. */
export interface BatchUnclaimEndDevicesRequest {
  application_ids?: ApplicationIdentifiers;
  device_ids?: string[];
}

/** What was not given up. */
export interface BatchUnclaimEndDevicesResponse {
  application_ids?: ApplicationIdentifiers;
  /** Why, by end device. */
  failed?: { [key: string]: ErrorDetails };
}

/** Where a claimed gateway is told to go. @deprecated */
export interface CUPSRedirection {
  target_cups_uri?: string;
  current_gateway_key?: string;
  /** Base64. */
  target_cups_trust?: string;
  client_tls?: CUPSRedirection_ClientTLS;
  auth_token?: string;
}

/** A client certificate and its key, in PEM. */
export interface CUPSRedirection_ClientTLS {
  /** Base64. */
  cert?: string;
  /** Base64. */
  key?: string;
}

/** Which gateway is claimed, and what becomes of it. */
export interface ClaimGatewayRequest {
  authenticated_identifiers?: ClaimGatewayRequest_AuthenticatedIdentifiers;
  /** The content of the QR code on the gateway. Base64. */
  qr_code?: string;
  collaborator?: OrganizationOrUserIdentifiers;
  /** Made from the EUI when empty. */
  target_gateway_id?: string;
  target_gateway_server_address?: string;
  /** @deprecated */
  cups_redirection?: CUPSRedirection;
  /** @deprecated */
  target_frequency_plan_id?: string;
  target_frequency_plan_ids?: string[];
}

/** A gateway's EUI and the code that proves ownership. */
export interface ClaimGatewayRequest_AuthenticatedIdentifiers {
  /** 16 hexadecimal digits. */
  gateway_eui?: string;
  /** Base64. */
  authentication_code?: string;
}

/** A key with which the gateway can be claimed. */
export interface AuthorizeGatewayRequest {
  gateway_ids?: GatewayIdentifiers;
  api_key?: string;
}

/** Whether the gateway with this EUI can be claimed. */
export interface GetInfoByGatewayEUIRequest {
  /** 16 hexadecimal digits. */
  eui?: string;
}

/** Whether the gateway with this EUI can be claimed. */
export interface GetInfoByGatewayEUIResponse {
  /** 16 hexadecimal digits. */
  eui?: string;
  supports_claiming?: boolean;
  /** Can be controlled from the Console. */
  is_managed?: boolean;
}

/** A maker of end devices. */
export interface EndDeviceBrand {
  brand_id?: string;
  name?: string;
  /** Assigned by IANA. */
  private_enterprise_number?: number;
  /** Blocks of EUIs, assigned by IEEE. */
  organization_unique_identifiers?: string[];
  lora_alliance_vendor_id?: number;
  website?: string;
  email?: string;
  logo?: string;
}

/** A kind of end device. */
export interface EndDeviceModel {
  brand_id?: string;
  model_id?: string;
  name?: string;
  description?: string;
  hardware_versions?: EndDeviceModel_HardwareVersion[];
  firmware_versions?: EndDeviceModel_FirmwareVersion[];
  /** What it measures, such as `temperature`. */
  sensors?: string[];
  dimensions?: EndDeviceModel_Dimensions;
  /** Grams. */
  weight?: number;
  battery?: EndDeviceModel_Battery;
  operating_conditions?: EndDeviceModel_OperatingConditions;
  /** Protection against dust and water, such as `IP67`. */
  ip_code?: string;
  key_provisioning?: KeyProvisioning[];
  key_security?: KeySecurity;
  photos?: EndDeviceModel_Photos;
  videos?: EndDeviceModel_Videos;
  product_url?: string;
  datasheet_url?: string;
  resellers?: EndDeviceModel_Reseller[];
  compliances?: EndDeviceModel_Compliances;
  additional_radios?: string[];
}

/** A version of the hardware. */
export interface EndDeviceModel_HardwareVersion {
  version?: string;
  /** Counts up from version to version. */
  numeric?: number;
  part_number?: string;
}

/** A version of the firmware and what it runs on. */
export interface EndDeviceModel_FirmwareVersion {
  version?: string;
  numeric?: number;
  supported_hardware_versions?: string[];
  /** By band. */
  profiles?: { [key: string]: EndDeviceModel_FirmwareVersion_Profile };
}

/** How the firmware behaves in one band. */
export interface EndDeviceModel_FirmwareVersion_Profile {
  vendor_id?: string;
  profile_id?: string;
  lorawan_certified?: boolean;
  /** Which payload formatters fit. */
  codec_id?: string;
}

/** Millimetres. */
export interface EndDeviceModel_Dimensions {
  width?: number;
  height?: number;
  diameter?: number;
  length?: number;
}

/** What powers the end device. */
export interface EndDeviceModel_Battery {
  replaceable?: boolean;
  type?: string;
}

/** Where the end device works. */
export interface EndDeviceModel_OperatingConditions {
  /** Degrees Celsius. */
  temperature?: EndDeviceModel_OperatingConditions_Limits;
  /** Between 0 and 1. */
  relative_humidity?: EndDeviceModel_OperatingConditions_Limits;
}

/** Between these. */
export interface EndDeviceModel_OperatingConditions_Limits {
  min?: number;
  max?: number;
}

/** File names. */
export interface EndDeviceModel_Photos {
  main?: string;
  other?: string[];
}

/** Addresses at YouTube or Vimeo. */
export interface EndDeviceModel_Videos {
  main?: string;
  other?: string[];
}

/** Who sells the end device, and where. */
export interface EndDeviceModel_Reseller {
  name?: string;
  region?: string[];
  url?: string;
}

/** What the end device was tested for. */
export interface EndDeviceModel_Compliances {
  safety?: EndDeviceModel_Compliances_Compliance[];
  radio_equipment?: EndDeviceModel_Compliances_Compliance[];
}

/** A standard that the end device meets. */
export interface EndDeviceModel_Compliances_Compliance {
  body?: string;
  norm?: string;
  standard?: string;
  version?: string;
}

/** One brand, with the fields of the mask. */
export interface GetEndDeviceBrandRequest {
  /** @deprecated */
  application_ids?: ApplicationIdentifiers;
  brand_id?: string;
  field_mask?: FieldMask;
}

/** Brands, of which the name contains something when wanted. */
export interface ListEndDeviceBrandsRequest {
  /** @deprecated */
  application_ids?: ApplicationIdentifiers;
  limit?: number;
  page?: number;
  order_by?: string;
  search?: string;
  field_mask?: FieldMask;
}

/** One model, with the fields of the mask. */
export interface GetEndDeviceModelRequest {
  /** @deprecated */
  application_ids?: ApplicationIdentifiers;
  brand_id?: string;
  model_id?: string;
  field_mask?: FieldMask;
}

/** Models, of one brand or with a name that contains something when wanted. */
export interface ListEndDeviceModelsRequest {
  /** @deprecated */
  application_ids?: ApplicationIdentifiers;
  brand_id?: string;
  limit?: number;
  page?: number;
  order_by?: string;
  search?: string;
  field_mask?: FieldMask;
}

/** Which version of a model, or which profile at the LoRa Alliance. */
export interface GetTemplateRequest {
  /** @deprecated */
  application_ids?: ApplicationIdentifiers;
  version_ids?: EndDeviceVersionIdentifiers;
  end_device_profile_ids?: GetTemplateRequest_EndDeviceProfileIdentifiers;
}

/** A profile at the LoRa Alliance. */
export interface GetTemplateRequest_EndDeviceProfileIdentifiers {
  vendor_id?: number;
  vendor_profile_id?: number;
}

/** Which version of a model. */
export interface GetPayloadFormatterRequest {
  /** @deprecated */
  application_ids?: ApplicationIdentifiers;
  version_ids?: EndDeviceVersionIdentifiers;
  field_mask?: FieldMask;
}

/** One page of brands; the number of all is in the header X-Total-Count. */
export interface ListEndDeviceBrandsResponse {
  brands?: EndDeviceBrand[];
}

/** One page of models; the number of all is in the header X-Total-Count. */
export interface ListEndDeviceModelsResponse {
  models?: EndDeviceModel[];
}

/** A payload as bytes. */
export interface EncodedMessagePayload {
  f_port?: number;
  /** Base64. */
  frm_payload?: string;
  warnings?: string[];
  errors?: string[];
}

/** A payload as values. */
export interface DecodedMessagePayload {
  data?: Struct;
  warnings?: string[];
  errors?: string[];
}

/** A formatter that makes values of bytes. */
export interface MessagePayloadDecoder {
  formatter?: PayloadFormatter;
  formatter_parameter?: string;
  codec_id?: string;
  examples?: MessagePayloadDecoder_Example[];
}

/** Bytes and the values that must come out. */
export interface MessagePayloadDecoder_Example {
  description?: string;
  input?: EncodedMessagePayload;
  output?: DecodedMessagePayload;
}

/** A formatter that makes bytes of values. */
export interface MessagePayloadEncoder {
  formatter?: PayloadFormatter;
  formatter_parameter?: string;
  codec_id?: string;
  examples?: MessagePayloadEncoder_Example[];
}

/** Values and the bytes that must come out. */
export interface MessagePayloadEncoder_Example {
  description?: string;
  input?: DecodedMessagePayload;
  output?: EncodedMessagePayload;
}

/** Tells admins of an OAuth client that waits for approval. */
export interface CreateClientEmailMessage {
  create_client_request?: CreateClientRequest;
  /** With which the mail's links work. */
  api_key?: APIKey;
}

/** A token that was sent to an address. */
export interface EmailValidation {
  id?: string;
  token?: string;
  address?: string;
  created_at?: Timestamp;
  expires_at?: Timestamp;
  updated_at?: Timestamp;
}

/** What the mail said. */
export interface ValidateEmailRequest {
  id?: string;
  token?: string;
}

/** A LoRaWAN session, from activation to the next one. */
export interface Session {
  /** 8 hexadecimal digits. */
  dev_addr?: string;
  keys?: SessionKeys;
  /** The counter of the last uplink that was accepted. */
  last_f_cnt_up?: number;
  /** The counter of the last downlink of the network; with LoRaWAN 1.0 of every downlink. */
  last_n_f_cnt_down?: number;
  /** The counter of the last downlink of the application. */
  last_a_f_cnt_down?: number;
  /** The counter of the last downlink that asked to be acknowledged. */
  last_conf_f_cnt_down?: number;
  started_at?: Timestamp;
  queued_application_downlinks?: ApplicationDownlink[];
}

/** A boolean that can be absent. */
export type BoolValue = boolean;

/** How much a relay forwards before it stops. */
export interface ServingRelayForwardingLimits {
  reset_behavior?: RelayResetLimitCounter;
  join_requests?: RelayForwardLimits;
  notifications?: RelayForwardLimits;
  uplink_messages?: RelayForwardLimits;
  overall?: RelayForwardLimits;
}

/** Whose uplinks a relay forwards. */
export interface RelayUplinkForwardingRule {
  limits?: RelayUplinkForwardLimits;
  last_w_f_cnt?: number;
  device_id?: string;
  /** Base64. */
  session_key_id?: string;
}

/** What a device does as a relay. */
export interface ServingRelayParameters {
  second_channel?: RelaySecondChannel;
  default_channel_index?: number;
  cad_periodicity?: RelayCADPeriodicity;
  uplink_forwarding_rules?: RelayUplinkForwardingRule[];
  limits?: ServingRelayForwardingLimits;
}

/** How a device reaches its relay. */
export interface ServedRelayParameters {
  always?: RelayEndDeviceAlwaysMode;
  dynamic?: RelayEndDeviceDynamicMode;
  end_device_controlled?: RelayEndDeviceControlledMode;
  backoff?: number;
  second_channel?: RelaySecondChannel;
  serving_device_id?: string;
}

/** A device's part in relaying. */
export interface RelayParameters {
  serving?: ServingRelayParameters;
  served?: ServedRelayParameters;
}

/** What the network wants a relay to do. */
export interface ServingRelaySettings {
  second_channel?: RelaySecondChannel;
  default_channel_index?: number;
  cad_periodicity?: RelayCADPeriodicity;
  uplink_forwarding_rules?: RelayUplinkForwardingRule[];
  limits?: ServingRelayForwardingLimits;
}

/** How the network wants a device to reach its relay. */
export interface ServedRelaySettings {
  always?: RelayEndDeviceAlwaysMode;
  dynamic?: RelayEndDeviceDynamicMode;
  end_device_controlled?: RelayEndDeviceControlledMode;
  backoff?: number;
  second_channel?: RelaySecondChannel;
  serving_device_id?: string;
}

/** What the network wants a device's part in relaying to be. */
export interface RelaySettings {
  serving?: ServingRelaySettings;
  served?: ServedRelaySettings;
}

/** The parameters that network and device must agree on. */
export interface MACParameters {
  /** dBm. */
  max_eirp?: number;
  adr_data_rate_index?: DataRateIndex;
  adr_tx_power_index?: number;
  adr_nb_trans?: number;
  /** @deprecated */
  adr_ack_limit?: number;
  /** @deprecated */
  adr_ack_delay?: number;
  rx1_delay?: RxDelay;
  rx1_data_rate_offset?: DataRateOffset;
  rx2_data_rate_index?: DataRateIndex;
  /** Hz. */
  rx2_frequency?: string;
  max_duty_cycle?: AggregatedDutyCycle;
  rejoin_time_periodicity?: RejoinTimeExponent;
  rejoin_count_periodicity?: RejoinCountExponent;
  /** Hz; zero is the band's own. */
  ping_slot_frequency?: string;
  /** @deprecated */
  ping_slot_data_rate_index?: DataRateIndex;
  /** Hz; zero is the band's own. */
  beacon_frequency?: string;
  channels?: MACParameters_Channel[];
  uplink_dwell_time?: BoolValue;
  downlink_dwell_time?: BoolValue;
  adr_ack_limit_exponent?: ADRAckLimitExponentValue;
  adr_ack_delay_exponent?: ADRAckDelayExponentValue;
  ping_slot_data_rate_index_value?: DataRateIndexValue;
  relay?: RelayParameters;
}

/** One channel of a device; frequencies in Hz. */
export interface MACParameters_Channel {
  /** Zero disables the channel. */
  uplink_frequency?: string;
  downlink_frequency?: string;
  min_data_rate_index?: DataRateIndex;
  max_data_rate_index?: DataRateIndex;
  enable_uplink?: boolean;
}

/** What is known of a version of a model. */
export interface EndDeviceVersion {
  ids?: EndDeviceVersionIdentifiers;
  lorawan_version?: MACVersion;
  lorawan_phy_version?: PHYVersion;
  frequency_plan_id?: string;
  photos?: string[];
  supports_class_b?: boolean;
  supports_class_c?: boolean;
  default_mac_settings?: MACSettings;
  /** Hz. */
  min_frequency?: string;
  /** Hz. */
  max_frequency?: string;
  supports_join?: boolean;
  /** Counts join attempts from zero after a restart. */
  resets_join_nonces?: boolean;
  default_formatters?: MessagePayloadFormatters;
}

/** How the network sets a device's data rate and power. */
export interface ADRSettings {
  static?: ADRSettings_StaticMode;
  dynamic?: ADRSettings_DynamicMode;
  disabled?: ADRSettings_DisabledMode;
}

/** One setting, whatever the conditions. */
export interface ADRSettings_StaticMode {
  data_rate_index?: DataRateIndex;
  tx_power_index?: number;
  nb_trans?: number;
}

/** By the margin of recent uplinks. */
export interface ADRSettings_DynamicMode {
  /** dB that are kept in reserve. */
  margin?: number;
  min_data_rate_index?: DataRateIndexValue;
  max_data_rate_index?: DataRateIndexValue;
  min_tx_power_index?: number;
  max_tx_power_index?: number;
  min_nb_trans?: number;
  max_nb_trans?: number;
  channel_steering?: ADRSettings_DynamicMode_ChannelSteeringSettings;
  overrides?: ADRSettings_DynamicMode_Overrides;
}

/** Whether end devices are moved to channels that others do not use. */
export interface ADRSettings_DynamicMode_ChannelSteeringSettings {
  lora_narrow?: ADRSettings_DynamicMode_ChannelSteeringSettings_LoRaNarrowMode;
  disabled?: ADRSettings_DynamicMode_ChannelSteeringSettings_DisabledMode;
}

/** To channels of 125 kHz. */
export type ADRSettings_DynamicMode_ChannelSteeringSettings_LoRaNarrowMode = Empty;

/** End devices use the channels that they have. */
export type ADRSettings_DynamicMode_ChannelSteeringSettings_DisabledMode = Empty;

/** Repetitions at one data rate. */
export interface ADRSettings_DynamicMode_PerDataRateIndexOverride {
  min_nb_trans?: number;
  max_nb_trans?: number;
}

/** By data rate index. */
export interface ADRSettings_DynamicMode_Overrides {
  data_rate_0?: ADRSettings_DynamicMode_PerDataRateIndexOverride;
  data_rate_1?: ADRSettings_DynamicMode_PerDataRateIndexOverride;
  data_rate_2?: ADRSettings_DynamicMode_PerDataRateIndexOverride;
  data_rate_3?: ADRSettings_DynamicMode_PerDataRateIndexOverride;
  data_rate_4?: ADRSettings_DynamicMode_PerDataRateIndexOverride;
  data_rate_5?: ADRSettings_DynamicMode_PerDataRateIndexOverride;
  data_rate_6?: ADRSettings_DynamicMode_PerDataRateIndexOverride;
  data_rate_7?: ADRSettings_DynamicMode_PerDataRateIndexOverride;
  data_rate_8?: ADRSettings_DynamicMode_PerDataRateIndexOverride;
  data_rate_9?: ADRSettings_DynamicMode_PerDataRateIndexOverride;
  data_rate_10?: ADRSettings_DynamicMode_PerDataRateIndexOverride;
  data_rate_11?: ADRSettings_DynamicMode_PerDataRateIndexOverride;
  data_rate_12?: ADRSettings_DynamicMode_PerDataRateIndexOverride;
  data_rate_13?: ADRSettings_DynamicMode_PerDataRateIndexOverride;
  data_rate_14?: ADRSettings_DynamicMode_PerDataRateIndexOverride;
  data_rate_15?: ADRSettings_DynamicMode_PerDataRateIndexOverride;
}

/** Left to the device. */
export type ADRSettings_DisabledMode = Empty;

/** What the owner of a device wants instead of the network's defaults. */
export interface MACSettings {
  /** How long a class B downlink waits for its answer. */
  class_b_timeout?: Duration;
  ping_slot_periodicity?: PingSlotPeriodValue;
  ping_slot_data_rate_index?: DataRateIndexValue;
  ping_slot_frequency?: ZeroableFrequencyValue;
  beacon_frequency?: ZeroableFrequencyValue;
  /** How long a class C downlink waits for its answer. */
  class_c_timeout?: Duration;
  /** For devices that do not join; others are told in the join-accept. */
  rx1_delay?: RxDelayValue;
  rx1_data_rate_offset?: DataRateOffsetValue;
  rx2_data_rate_index?: DataRateIndexValue;
  rx2_frequency?: FrequencyValue;
  factory_preset_frequencies?: string[];
  max_duty_cycle?: AggregatedDutyCycleValue;
  /** Devices that do not, count to 65535 and start again. */
  supports_32_bit_f_cnt?: BoolValue;
  /** @deprecated */
  use_adr?: BoolValue;
  /** @deprecated */
  adr_margin?: number;
  /** The device counts from zero after a restart. Opens the door to replays. */
  resets_f_cnt?: BoolValue;
  /** Time between two questions for the device's status; zero asks never. */
  status_time_periodicity?: Duration;
  /** Uplinks between two questions for the device's status; zero asks never. */
  status_count_periodicity?: number;
  /** What the network asks the device to use. */
  desired_rx1_delay?: RxDelayValue;
  desired_rx1_data_rate_offset?: DataRateOffsetValue;
  desired_rx2_data_rate_index?: DataRateIndexValue;
  desired_rx2_frequency?: FrequencyValue;
  desired_max_duty_cycle?: AggregatedDutyCycleValue;
  desired_adr_ack_limit_exponent?: ADRAckLimitExponentValue;
  desired_adr_ack_delay_exponent?: ADRAckDelayExponentValue;
  desired_ping_slot_data_rate_index?: DataRateIndexValue;
  desired_ping_slot_frequency?: ZeroableFrequencyValue;
  desired_beacon_frequency?: ZeroableFrequencyValue;
  desired_max_eirp?: DeviceEIRPValue;
  class_b_c_downlink_interval?: Duration;
  uplink_dwell_time?: BoolValue;
  downlink_dwell_time?: BoolValue;
  adr?: ADRSettings;
  schedule_downlinks?: BoolValue;
  relay?: RelaySettings;
  desired_relay?: RelaySettings;
}

/** What network and device have agreed on, and what is under way between them. */
export interface MACState {
  /** What the device uses. */
  current_parameters?: MACParameters;
  /** What the network wants it to use. */
  desired_parameters?: MACParameters;
  device_class?: Class;
  lorawan_version?: MACVersion;
  last_confirmed_downlink_at?: Timestamp;
  last_dev_status_f_cnt_up?: number;
  ping_slot_periodicity?: PingSlotPeriodValue;
  pending_application_downlink?: ApplicationDownlink;
  /** Answers that go with the next downlink. */
  queued_responses?: MACCommand[];
  /** Sent and not answered yet. */
  pending_requests?: MACCommand[];
  queued_join_accept?: MACState_JoinAccept;
  pending_join_request?: MACState_JoinRequest;
  /** A downlink can still answer the last uplink. */
  rx_windows_available?: boolean;
  recent_uplinks?: MACState_UplinkMessage[];
  recent_downlinks?: MACState_DownlinkMessage[];
  last_network_initiated_downlink_at?: Timestamp;
  rejected_adr_data_rate_indexes?: DataRateIndex[];
  rejected_adr_tx_power_indexes?: number[];
  /** Hz; the end device refused channels at these. */
  rejected_frequencies?: string[];
  last_downlink_at?: Timestamp;
  /** By frequency in Hz. */
  rejected_data_rate_ranges?: { [key: string]: MACState_DataRateRanges };
  last_adr_change_f_cnt_up?: number;
  recent_mac_command_identifiers?: MACCommandIdentifier[];
  pending_relay_downlink?: RelayForwardDownlinkReq;
}

/** The part of a join-request that its answer depends on. */
export interface MACState_JoinRequest {
  downlink_settings?: DLSettings;
  rx_delay?: RxDelay;
  cf_list?: CFList;
}

/** A join-accept that waits for its window. */
export interface MACState_JoinAccept {
  /** Base64. */
  payload?: string;
  request?: MACState_JoinRequest;
  keys?: SessionKeys;
  correlation_ids?: string[];
  /** 8 hexadecimal digits. */
  dev_addr?: string;
  /** 6 hexadecimal digits. */
  net_id?: string;
}

/** What is remembered of a recent uplink. */
export interface MACState_UplinkMessage {
  payload?: Message;
  settings?: MACState_UplinkMessage_TxSettings;
  rx_metadata?: MACState_UplinkMessage_RxMetadata[];
  received_at?: Timestamp;
  correlation_ids?: string[];
  device_channel_index?: number;
}

/** How it was sent. */
export interface MACState_UplinkMessage_TxSettings {
  data_rate?: DataRate;
}

/** How one gateway received it. */
export interface MACState_UplinkMessage_RxMetadata {
  gateway_ids?: GatewayIdentifiers;
  /** dBm. */
  channel_rssi?: number;
  /** dB. */
  snr?: number;
  downlink_path_constraint?: DownlinkPathConstraint;
  /** Base64. */
  uplink_token?: string;
  packet_broker?: MACState_UplinkMessage_RxMetadata_PacketBrokerMetadata;
  relay?: MACState_UplinkMessage_RxMetadata_RelayMetadata;
}

/** That it came through Packet Broker. */
export type MACState_UplinkMessage_RxMetadata_PacketBrokerMetadata = Empty;

/** That it came through a relay. */
export type MACState_UplinkMessage_RxMetadata_RelayMetadata = Empty;

/** What is remembered of a recent downlink. */
export interface MACState_DownlinkMessage {
  payload?: MACState_DownlinkMessage_Message;
  correlation_ids?: string[];
}

/** The frame. */
export interface MACState_DownlinkMessage_Message {
  m_hdr?: MACState_DownlinkMessage_Message_MHDR;
  mac_payload?: MACState_DownlinkMessage_Message_MACPayload;
}

/** Its first byte. */
export interface MACState_DownlinkMessage_Message_MHDR {
  m_type?: MType;
}

/** What a data frame is told by. */
export interface MACState_DownlinkMessage_Message_MACPayload {
  f_port?: number;
  full_f_cnt?: number;
}

/** From one data rate to another. */
export interface MACState_DataRateRange {
  min_data_rate_index?: DataRateIndex;
  max_data_rate_index?: DataRateIndex;
}

/** Several ranges of data rates. */
export interface MACState_DataRateRanges {
  ranges?: MACState_DataRateRange[];
}

/** What proves ownership of a device to who claims it. */
export interface EndDeviceAuthenticationCode {
  value?: string;
  valid_from?: Timestamp;
  valid_to?: Timestamp;
}

/** A device, with the parts of all four servers. */
export interface EndDevice {
  ids?: EndDeviceIdentifiers;
  created_at?: Timestamp;
  updated_at?: Timestamp;
  name?: string;
  description?: string;
  attributes?: { [key: string]: string };
  version_ids?: EndDeviceVersionIdentifiers;
  service_profile_id?: string;
  network_server_address?: string;
  network_server_kek_label?: string;
  application_server_address?: string;
  application_server_kek_label?: string;
  application_server_id?: string;
  join_server_address?: string;
  /** By where the location comes from, such as `user` or `frm-payload`. */
  locations?: { [key: string]: Location };
  picture?: Picture;
  supports_class_b?: boolean;
  supports_class_c?: boolean;
  lorawan_version?: MACVersion;
  lorawan_phy_version?: PHYVersion;
  /** Kept by the Network Server. */
  frequency_plan_id?: string;
  /** Hz. */
  min_frequency?: string;
  /** Hz. */
  max_frequency?: string;
  supports_join?: boolean;
  /** Counts join attempts from zero after a restart. Opens the door to replays. */
  resets_join_nonces?: boolean;
  /** Kept by the Join Server. */
  root_keys?: RootKeys;
  /** 6 hexadecimal digits. */
  net_id?: string;
  /** Kept by the Network Server. */
  mac_settings?: MACSettings;
  /** Kept by the Network Server, and reset by a join. */
  mac_state?: MACState;
  pending_mac_state?: MACState;
  /** Kept by Network Server and Application Server, each with its own keys. */
  session?: Session;
  /** A session that was offered to the device and that it has not used yet. */
  pending_session?: Session;
  last_dev_nonce?: number;
  /** Of end devices that choose them at random. */
  used_dev_nonces?: number[];
  last_join_nonce?: number;
  last_rj_count_0?: number;
  last_rj_count_1?: number;
  last_dev_status_received_at?: Timestamp;
  power_state?: PowerState;
  battery_percentage?: number;
  /** dB, as the end device reported. */
  downlink_margin?: number;
  queued_application_downlinks?: ApplicationDownlink[];
  /** Kept by the Application Server. */
  formatters?: MessagePayloadFormatters;
  provisioner_id?: string;
  provisioning_data?: Struct;
  /** Receives what is sent to many, and sends nothing. */
  multicast?: boolean;
  claim_authentication_code?: EndDeviceAuthenticationCode;
  skip_payload_crypto?: boolean;
  /** Goes before what the application's link says. */
  skip_payload_crypto_override?: boolean;
  activated_at?: Timestamp;
  last_seen_at?: Timestamp;
  /** The maker's. */
  serial_number?: string;
  lora_alliance_profile_ids?: LoRaAllianceProfileIdentifiers;
}

/** One page of devices; the number of all is in the header X-Total-Count. */
export interface EndDevices {
  end_devices?: EndDevice[];
}

/** A block of device addresses. */
export interface DevAddrPrefix {
  /** 8 hexadecimal digits. */
  dev_addr?: string;
  /** How many leading bits count. */
  length?: number;
}

/** A new device; the Identity Server stores its part. */
export interface CreateEndDeviceRequest {
  end_device?: EndDevice;
}

/** The fields of the mask are set to what `end_device` has, or cleared. */
export interface UpdateEndDeviceRequest {
  end_device?: EndDevice;
  field_mask?: FieldMask;
}

/** When devices were last heard, gathered. */
export interface BatchUpdateEndDeviceLastSeenRequest {
  updates?: BatchUpdateEndDeviceLastSeenRequest_EndDeviceLastSeenUpdate[];
}

/** One end device. */
export interface BatchUpdateEndDeviceLastSeenRequest_EndDeviceLastSeenUpdate {
  ids?: EndDeviceIdentifiers;
  last_seen_at?: Timestamp;
}

/** One device, with the fields of the mask that the asked server keeps. */
export interface GetEndDeviceRequest {
  end_device_ids?: EndDeviceIdentifiers;
  field_mask?: FieldMask;
}

/** The device that has these EUIs. */
export interface GetEndDeviceIdentifiersForEUIsRequest {
  /** 16 hexadecimal digits. */
  join_eui?: string;
  /** 16 hexadecimal digits. */
  dev_eui?: string;
}

/** Devices of an application. */
export interface ListEndDevicesRequest {
  application_ids?: ApplicationIdentifiers;
  field_mask?: FieldMask;
  /** A leading minus reverses the order. */
  order?: string;
  limit?: number;
  /** Counts from 1. */
  page?: number;
  filters?: ListEndDevicesRequest_Filter[];
}

/** Leaves out what does not meet a condition. */
export interface ListEndDevicesRequest_Filter {
  updated_since?: Timestamp;
}

/** The asked server's part of a device; it is created when it is not there. */
export interface SetEndDeviceRequest {
  end_device?: EndDevice;
  field_mask?: FieldMask;
}

/** Back to the state before the first activation. */
export interface ResetAndGetEndDeviceRequest {
  end_device_ids?: EndDeviceIdentifiers;
  field_mask?: FieldMask;
}

/** An end device that is ready to be registered but for a few fields. */
export interface EndDeviceTemplate {
  end_device?: EndDevice;
  /** Which fields are filled in. */
  field_mask?: FieldMask;
  /** Tells templates of one file apart. */
  mapping_key?: string;
}

/** A kind of file that end devices can be read from. */
export interface EndDeviceTemplateFormat {
  name?: string;
  description?: string;
  file_extensions?: string[];
}

/** Kinds of file that end devices can be read from. */
export interface EndDeviceTemplateFormats {
  /** By identifier. */
  formats?: { [key: string]: EndDeviceTemplateFormat };
}

/** A file to read. */
export interface ConvertEndDeviceTemplateRequest {
  format_id?: string;
  /** Base64. */
  data?: string;
  /** For end devices that do not say what they are. */
  end_device_version_ids?: EndDeviceVersionIdentifiers;
}

/** Several devices of one application. */
export interface BatchDeleteEndDevicesRequest {
  application_ids?: ApplicationIdentifiers;
  device_ids?: string[];
}

/** Several devices of one application. */
export interface BatchGetEndDevicesRequest {
  application_ids?: ApplicationIdentifiers;
  device_ids?: string[];
  field_mask?: FieldMask;
}

/** What went wrong, for programs: names and attributes to match on, texts to show. */
export interface ErrorDetails {
  /** The part of the software that defines the error. */
  namespace?: string;
  name?: string;
  /** The text with the names of attributes in braces. */
  message_format?: string;
  attributes?: Struct;
  /** Finds the error in the server's log. */
  correlation_id?: string;
  cause?: ErrorDetails;
  code?: number;
  details?: AnyMessage[];
}

/** Something that happened to the entities it names. */
export interface Event {
  name?: string;
  time?: Timestamp;
  identifiers?: EntityIdentifiers[];
  data?: AnyMessage;
  correlation_ids?: string[];
  /** The server that told of it. */
  origin?: string;
  /** What tracing needs. Base64. */
  context?: { [key: string]: string };
  /** Who holds one of these rights on the entity may see the event. */
  visibility?: Rights;
  authentication?: Event_Authentication;
  remote_ip?: string;
  user_agent?: string;
  unique_id?: string;
}

/** The credential that caused the event; never its secret. */
export interface Event_Authentication {
  type?: string;
  token_type?: string;
  token_id?: string;
}

/** Events of these entities from now on, and the last ones before. */
export interface StreamEventsRequest {
  identifiers?: EntityIdentifiers[];
  /** How many of the past at most. */
  tail?: number;
  after?: Timestamp;
  /** Names, or expressions between slashes; all when empty. */
  names?: string[];
}

/** Events of one cause. */
export interface FindRelatedEventsRequest {
  correlation_id?: string;
}

/** The events that were found. */
export interface FindRelatedEventsResponse {
  events?: Event[];
}

/** A maker of gateways. */
export interface GatewayBrand {
  id?: string;
  name?: string;
  url?: string;
  logos?: string[];
}

/** A kind of gateway. */
export interface GatewayModel {
  brand_id?: string;
  id?: string;
  name?: string;
}

/** What a gateway is and runs. */
export interface GatewayVersionIdentifiers {
  brand_id?: string;
  model_id?: string;
  hardware_version?: string;
  firmware_version?: string;
  runtime_version?: string;
}

/** A radio of a gateway's concentrator; frequencies in Hz. */
export interface GatewayRadio {
  enable?: boolean;
  chip_type?: string;
  frequency?: string;
  /** dB that are added to what it measures. */
  rssi_offset?: number;
  tx_configuration?: GatewayRadio_TxConfiguration;
}

/** Between which frequencies it sends. */
export interface GatewayRadio_TxConfiguration {
  min_frequency?: string;
  max_frequency?: string;
  notch_frequency?: string;
}

/** What proves ownership of a gateway to who claims it. */
export interface GatewayClaimAuthenticationCode {
  secret?: Secret;
  valid_from?: Timestamp;
  valid_to?: Timestamp;
}

/** A gateway as its owner registered it. */
export interface Gateway {
  ids?: GatewayIdentifiers;
  created_at?: Timestamp;
  updated_at?: Timestamp;
  deleted_at?: Timestamp;
  name?: string;
  description?: string;
  attributes?: { [key: string]: string };
  /** @deprecated */
  contact_info?: ContactInfo[];
  administrative_contact?: OrganizationOrUserIdentifiers;
  technical_contact?: OrganizationOrUserIdentifiers;
  version_ids?: GatewayVersionIdentifiers;
  gateway_server_address?: string;
  auto_update?: boolean;
  update_channel?: string;
  /** The first of the plans, for old clients. */
  frequency_plan_id?: string;
  frequency_plan_ids?: string[];
  antennas?: GatewayAntenna[];
  /** Everybody may see whether it is connected. */
  status_public?: boolean;
  /** Everybody may see where it is. */
  location_public?: boolean;
  /** For packet forwarders that hold one downlink at a time. */
  schedule_downlink_late?: boolean;
  enforce_duty_cycle?: boolean;
  downlink_path_constraint?: DownlinkPathConstraint;
  /** The least time before a downlink whose time is free. */
  schedule_anytime_delay?: Duration;
  /** Antennas are where the gateway says that it is. */
  update_location_from_status?: boolean;
  /** With which it connects over LoRa Basics Station. */
  lbs_lns_secret?: Secret;
  claim_authentication_code?: GatewayClaimAuthenticationCode;
  target_cups_uri?: string;
  target_cups_key?: Secret;
  /** Connections that prove nothing, such as Semtech UDP, are refused. */
  require_authenticated_connection?: boolean;
  lrfhss?: Gateway_LRFHSS;
  /** What it receives stays in this network. */
  disable_packet_broker_forwarding?: boolean;
}

/** Whether the gateway receives LR-FHSS. */
export interface Gateway_LRFHSS {
  supported?: boolean;
}

/** One page of gateways; the number of all is in the header X-Total-Count. */
export interface Gateways {
  gateways?: Gateway[];
}

/** A gateway that can be controlled from the Console. */
export interface ManagedGateway {
  ids?: GatewayIdentifiers;
  version_ids?: GatewayVersionIdentifiers;
  cellular_imei?: string;
  cellular_imsi?: string;
  /** 12 hexadecimal digits. */
  wifi_mac_address?: string;
  /** 12 hexadecimal digits. */
  ethernet_mac_address?: string;
  wifi_profile_id?: string;
  ethernet_profile_id?: string;
}

/** A wireless network in reach of a managed gateway. */
export interface ManagedGatewayWiFiAccessPoint {
  ssid?: string;
  /** 12 hexadecimal digits. */
  bssid?: string;
  channel?: number;
  authentication_mode?: string;
  /** dBm. */
  rssi?: number;
}

/** Wireless networks in reach of a managed gateway. */
export interface ManagedGatewayWiFiAccessPoints {
  access_points?: ManagedGatewayWiFiAccessPoint[];
}

/** Fixed addresses of a network interface. */
export interface ManagedGatewayNetworkInterfaceAddresses {
  ip_addresses?: string[];
  subnet_mask?: string;
  gateway?: string;
  dns_servers?: string[];
}

/** How a managed gateway is. */
export interface ManagedGatewaySystemStatus {
  /** Degrees Celsius. */
  cpu_temperature?: number;
}

/** How a managed gateway reaches its controller. */
export interface ManagedGatewayControllerConnection {
  network_interface_type?: ManagedGatewayNetworkInterfaceType;
}

/** How a managed gateway reaches its Gateway Server. */
export interface ManagedGatewayGatewayServerConnection {
  network_interface_type?: ManagedGatewayNetworkInterfaceType;
  address?: string;
}

/** A network interface of a managed gateway. */
export interface ManagedGatewayNetworkInterfaceInfo {
  status?: ManagedGatewayNetworkInterfaceStatus;
  dhcp_enabled?: boolean;
  addresses?: ManagedGatewayNetworkInterfaceAddresses;
}

/** A managed gateway's mobile network. */
export interface ManagedGatewayCellularBackhaul {
  network_interface?: ManagedGatewayNetworkInterfaceInfo;
  operator?: string;
  /** dBm. */
  rssi?: number;
}

/** A managed gateway's wireless network. */
export interface ManagedGatewayWiFiBackhaul {
  network_interface?: ManagedGatewayNetworkInterfaceInfo;
  ssid?: string;
  /** 12 hexadecimal digits. */
  bssid?: string;
  channel?: number;
  authentication_mode?: string;
  /** dBm. */
  rssi?: number;
}

/** A managed gateway's wired network. */
export interface ManagedGatewayEthernetBackhaul {
  network_interface?: ManagedGatewayNetworkInterfaceInfo;
}

/** Something that changed at a managed gateway. */
export interface ManagedGatewayEventData {
  entity?: ManagedGateway;
  location?: Location;
  system_status?: ManagedGatewaySystemStatus;
  controller_connection?: ManagedGatewayControllerConnection;
  gateway_server_connection?: ManagedGatewayGatewayServerConnection;
  cellular_backhaul?: ManagedGatewayCellularBackhaul;
  wifi_backhaul?: ManagedGatewayWiFiBackhaul;
  ethernet_backhaul?: ManagedGatewayEthernetBackhaul;
}

/** A wireless network that managed gateways can use. */
export interface ManagedGatewayWiFiProfile {
  profile_id?: string;
  profile_name?: string;
  /** For all gateways of the collaborator; otherwise for one. */
  shared?: boolean;
  ssid?: string;
  password?: string;
  network_interface_addresses?: ManagedGatewayNetworkInterfaceAddresses;
}

/** Wireless networks that managed gateways can use. */
export interface ManagedGatewayWiFiProfiles {
  profiles?: ManagedGatewayWiFiProfile[];
}

/** A wired network that managed gateways can use. */
export interface ManagedGatewayEthernetProfile {
  profile_id?: string;
  profile_name?: string;
  /** For all gateways of the collaborator; otherwise for one. */
  shared?: boolean;
  network_interface_addresses?: ManagedGatewayNetworkInterfaceAddresses;
}

/** Wired networks that managed gateways can use. */
export interface ManagedGatewayEthernetProfiles {
  profiles?: ManagedGatewayEthernetProfile[];
}

/** One gateway, with the fields of the mask. */
export interface GetGatewayRequest {
  gateway_ids?: GatewayIdentifiers;
  field_mask?: FieldMask;
}

/** The gateway that has this EUI. */
export interface GetGatewayIdentifiersForEUIRequest {
  /** 16 hexadecimal digits. */
  eui?: string;
}

/** Gateways of a collaborator, or all that the caller may see. */
export interface ListGatewaysRequest {
  collaborator?: OrganizationOrUserIdentifiers;
  field_mask?: FieldMask;
  /** A leading minus reverses the order. */
  order?: string;
  limit?: number;
  /** Counts from 1. */
  page?: number;
  deleted?: boolean;
  filters?: ListGatewaysRequest_Filter[];
}

/** Leaves out what does not meet a condition. */
export interface ListGatewaysRequest_Filter {
  updated_since?: Timestamp;
}

/** A new gateway and who becomes its first collaborator, with all rights. */
export interface CreateGatewayRequest {
  gateway?: Gateway;
  collaborator?: OrganizationOrUserIdentifiers;
}

/** The fields of the mask are set to what `gateway` has, or cleared. */
export interface UpdateGatewayRequest {
  gateway?: Gateway;
  field_mask?: FieldMask;
}

/** The API keys of a gateway, without their secrets. */
export interface ListGatewayAPIKeysRequest {
  gateway_ids?: GatewayIdentifiers;
  order?: string;
  limit?: number;
  page?: number;
}

/** One API key of a gateway, without its secret. */
export interface GetGatewayAPIKeyRequest {
  gateway_ids?: GatewayIdentifiers;
  key_id?: string;
}

/** A new API key; nobody can give rights that they do not hold. */
export interface CreateGatewayAPIKeyRequest {
  gateway_ids?: GatewayIdentifiers;
  name?: string;
  rights?: Right[];
  expires_at?: Timestamp;
}

/** A change of an API key. */
export interface UpdateGatewayAPIKeyRequest {
  gateway_ids?: GatewayIdentifiers;
  api_key?: APIKey;
  field_mask?: FieldMask;
}

/** The end of an API key. */
export interface DeleteGatewayAPIKeyRequest {
  gateway_ids?: GatewayIdentifiers;
  key_id?: string;
}

/** Who holds rights on a gateway. */
export interface ListGatewayCollaboratorsRequest {
  gateway_ids?: GatewayIdentifiers;
  limit?: number;
  page?: number;
  order?: string;
}

/** The rights of one collaborator. */
export interface GetGatewayCollaboratorRequest {
  gateway_ids?: GatewayIdentifiers;
  collaborator?: OrganizationOrUserIdentifiers;
}

/** A collaborator's rights from now on; none remove the collaborator. */
export interface SetGatewayCollaboratorRequest {
  gateway_ids?: GatewayIdentifiers;
  collaborator?: Collaborator;
}

/** Removes a collaborator. */
export interface DeleteGatewayCollaboratorRequest {
  gateway_ids?: GatewayIdentifiers;
  collaborator_ids?: OrganizationOrUserIdentifiers;
}

/** An antenna of a gateway. */
export interface GatewayAntenna {
  /** dBi. */
  gain?: number;
  location?: Location;
  /** @deprecated */
  attributes?: { [key: string]: string };
  placement?: GatewayAntennaPlacement;
}

/** What a gateway says of itself from time to time. */
export interface GatewayStatus {
  time?: Timestamp;
  boot_time?: Timestamp;
  versions?: { [key: string]: string };
  antenna_locations?: Location[];
  ip?: string[];
  /** Counters of the packet forwarder, by its own names. */
  metrics?: { [key: string]: number };
  advanced?: Struct;
}

/** Where a gateway connects from. */
export interface GatewayRemoteAddress {
  ip?: string;
}

/** A gateway's connection: since when, what it carried, how fast it answers. */
export interface GatewayConnectionStats {
  connected_at?: Timestamp;
  disconnected_at?: Timestamp;
  protocol?: string;
  last_status_received_at?: Timestamp;
  last_status?: GatewayStatus;
  last_uplink_received_at?: Timestamp;
  uplink_count?: string;
  last_downlink_received_at?: Timestamp;
  downlink_count?: string;
  last_tx_acknowledgment_received_at?: Timestamp;
  tx_acknowledgment_count?: string;
  round_trip_times?: GatewayConnectionStats_RoundTripTimes;
  sub_bands?: GatewayConnectionStats_SubBand[];
  gateway_remote_address?: GatewayRemoteAddress;
}

/** Of recent downlinks, from sending to acknowledgment. */
export interface GatewayConnectionStats_RoundTripTimes {
  min?: Duration;
  max?: Duration;
  median?: Duration;
  count?: number;
}

/** How much of its duty cycle a sub-band has used. */
export interface GatewayConnectionStats_SubBand {
  min_frequency?: string;
  max_frequency?: string;
  downlink_utilization_limit?: number;
  downlink_utilization?: number;
}

/** A configuration file for a gateway. */
export interface GetGatewayConfigurationRequest {
  gateway_ids?: GatewayIdentifiers;
  /** The program that reads it. */
  format?: string;
  type?: string;
  filename?: string;
}

/** The configuration file. */
export interface GetGatewayConfigurationResponse {
  /** Base64. */
  contents?: string;
}

/** The fields of the mask are set to what `gateway` has, or cleared. */
export interface UpdateManagedGatewayRequest {
  gateway?: ManagedGateway;
  field_mask?: FieldMask;
}

/** A new profile and whose it is. */
export interface CreateManagedGatewayWiFiProfileRequest {
  profile?: ManagedGatewayWiFiProfile;
  collaborator?: OrganizationOrUserIdentifiers;
}

/** The fields of the mask are set to what `profile` has, or cleared. */
export interface UpdateManagedGatewayWiFiProfileRequest {
  profile?: ManagedGatewayWiFiProfile;
  collaborator?: OrganizationOrUserIdentifiers;
  field_mask?: FieldMask;
}

/** The profiles of a collaborator. */
export interface ListManagedGatewayWiFiProfilesRequest {
  collaborator?: OrganizationOrUserIdentifiers;
  field_mask?: FieldMask;
  limit?: number;
  page?: number;
}

/** One profile, with the fields of the mask. */
export interface GetManagedGatewayWiFiProfileRequest {
  collaborator?: OrganizationOrUserIdentifiers;
  profile_id?: string;
  field_mask?: FieldMask;
}

/** Removes a profile. */
export interface DeleteManagedGatewayWiFiProfileRequest {
  collaborator?: OrganizationOrUserIdentifiers;
  profile_id?: string;
}

/** A new profile and whose it is. */
export interface CreateManagedGatewayEthernetProfileRequest {
  profile?: ManagedGatewayEthernetProfile;
  collaborator?: OrganizationOrUserIdentifiers;
}

/** The fields of the mask are set to what `profile` has, or cleared. */
export interface UpdateManagedGatewayEthernetProfileRequest {
  profile?: ManagedGatewayEthernetProfile;
  collaborator?: OrganizationOrUserIdentifiers;
  field_mask?: FieldMask;
}

/** The profiles of a collaborator. */
export interface ListManagedGatewayEthernetProfilesRequest {
  collaborator?: OrganizationOrUserIdentifiers;
  field_mask?: FieldMask;
  limit?: number;
  page?: number;
}

/** One profile, with the fields of the mask. */
export interface GetManagedGatewayEthernetProfileRequest {
  collaborator?: OrganizationOrUserIdentifiers;
  profile_id?: string;
  field_mask?: FieldMask;
}

/** Removes a profile. */
export interface DeleteManagedGatewayEthernetProfileRequest {
  collaborator?: OrganizationOrUserIdentifiers;
  profile_id?: string;
}

/** The configuration of a gateway, again whenever it changes. */
export interface PullGatewayConfigurationRequest {
  gateway_ids?: GatewayIdentifiers;
  field_mask?: FieldMask;
}

/** Gateways and the rights that the caller must hold on each. */
export interface AssertGatewayRightsRequest {
  gateway_ids?: GatewayIdentifiers[];
  required?: Rights;
}

/** Gateways to delete, each of which the caller must hold the right to delete. */
export interface BatchDeleteGatewaysRequest {
  gateway_ids?: GatewayIdentifiers[];
}

/** What a gateway sends. */
export interface GatewayUp {
  uplink_messages?: UplinkMessage[];
  gateway_status?: GatewayStatus;
  tx_acknowledgment?: TxAcknowledgment;
}

/** What a gateway is sent. */
export interface GatewayDown {
  downlink_message?: DownlinkMessage;
}

/** How a downlink will be sent. */
export interface ScheduleDownlinkResponse {
  delay?: Duration;
  downlink_path?: DownlinkPath;
  rx1?: boolean;
  rx2?: boolean;
}

/** Why each path to a device failed. */
export interface ScheduleDownlinkErrorDetails {
  path_errors?: ErrorDetails[];
}

/** The connections of several gateways. */
export interface BatchGetGatewayConnectionStatsRequest {
  gateway_ids?: GatewayIdentifiers[];
  field_mask?: FieldMask;
}

/** Connections by the identifier of the gateway. */
export interface BatchGetGatewayConnectionStatsResponse {
  entries?: { [key: string]: GatewayConnectionStats };
}

/** Proves that a gateway got its configuration from us. */
export interface GatewayToken {
  key_id?: string;
  payload?: GatewayToken_Payload;
  /** Base64. */
  checksum?: string;
}

/** What is signed. */
export interface GatewayToken_Payload {
  gateway_ids?: GatewayIdentifiers;
  rights?: Rights;
  created_at?: Timestamp;
}

/** The name of an application. */
export interface ApplicationIdentifiers {
  application_id?: string;
}

/** The name of an OAuth client. */
export interface ClientIdentifiers {
  client_id?: string;
}

/** The names of a device: by its application, and in the protocol. */
export interface EndDeviceIdentifiers {
  device_id?: string;
  application_ids?: ApplicationIdentifiers;
  /** 16 hexadecimal digits. */
  dev_eui?: string;
  /** 16 hexadecimal digits. */
  join_eui?: string;
  /** The address of its session. 8 hexadecimal digits. */
  dev_addr?: string;
}

/** The names of a gateway. */
export interface GatewayIdentifiers {
  gateway_id?: string;
  /** 16 hexadecimal digits. */
  eui?: string;
}

/** The name of an organization. */
export interface OrganizationIdentifiers {
  organization_id?: string;
}

/** The name of a user. */
export interface UserIdentifiers {
  user_id?: string;
  email?: string;
}

/** The name of an account that can hold rights. */
export interface OrganizationOrUserIdentifiers {
  organization_ids?: OrganizationIdentifiers;
  user_ids?: UserIdentifiers;
}

/** The name of any entity. */
export interface EntityIdentifiers {
  application_ids?: ApplicationIdentifiers;
  client_ids?: ClientIdentifiers;
  device_ids?: EndDeviceIdentifiers;
  gateway_ids?: GatewayIdentifiers;
  organization_ids?: OrganizationIdentifiers;
  user_ids?: UserIdentifiers;
}

/** What a device is and runs, as the Device Repository names it. */
export interface EndDeviceVersionIdentifiers {
  brand_id?: string;
  model_id?: string;
  hardware_version?: string;
  firmware_version?: string;
  band_id?: string;
}

/** The network that a message went through. */
export interface NetworkIdentifiers {
  /** 6 hexadecimal digits. */
  net_id?: string;
  /** 16 hexadecimal digits. */
  ns_id?: string;
  tenant_id?: string;
  cluster_id?: string;
  cluster_address?: string;
  tenant_address?: string;
}

/** A device's profile at the LoRa Alliance. */
export interface LoRaAllianceProfileIdentifiers {
  vendor_id?: number;
  vendor_profile_id?: number;
}

/** Several end devices. */
export interface EndDeviceIdentifiersList {
  end_device_ids?: EndDeviceIdentifiers[];
}

/** Several gateways. */
export interface GatewayIdentifiersList {
  gateway_ids?: GatewayIdentifiers[];
}

/** What the credential of the call is, and what it allows. */
export interface AuthInfoResponse {
  api_key?: AuthInfoResponse_APIKeyAccess;
  oauth_access_token?: OAuthAccessToken;
  user_session?: UserSession;
  gateway_token?: AuthInfoResponse_GatewayToken;
  /** Held on every entity. */
  universal_rights?: Rights;
  is_admin?: boolean;
}

/** An API key and the entity that it belongs to. */
export interface AuthInfoResponse_APIKeyAccess {
  api_key?: APIKey;
  entity_ids?: EntityIdentifiers;
}

/** A gateway with a token of its own. */
export interface AuthInfoResponse_GatewayToken {
  gateway_ids?: GatewayIdentifiers;
  rights?: Right[];
}

/** Nothing to ask for in particular. */
export type GetIsConfigurationRequest = Empty;

/** What of the Identity Server's configuration clients need to know. */
export interface IsConfiguration {
  user_registration?: IsConfiguration_UserRegistration;
  profile_picture?: IsConfiguration_ProfilePicture;
  end_device_picture?: IsConfiguration_EndDevicePicture;
  user_rights?: IsConfiguration_UserRights;
  user_login?: IsConfiguration_UserLogin;
  admin_rights?: IsConfiguration_AdminRights;
  collaborator_rights?: IsConfiguration_CollaboratorRights;
}

/** Who may register as a user, and how. */
export interface IsConfiguration_UserRegistration {
  invitation?: IsConfiguration_UserRegistration_Invitation;
  contact_info_validation?: IsConfiguration_UserRegistration_ContactInfoValidation;
  admin_approval?: IsConfiguration_UserRegistration_AdminApproval;
  password_requirements?: IsConfiguration_UserRegistration_PasswordRequirements;
  enabled?: boolean;
}

/** Whether an invitation is needed, and how long it lasts. */
export interface IsConfiguration_UserRegistration_Invitation {
  required?: boolean;
  token_ttl?: Duration;
}

/** Whether the e-mail address must be confirmed, and how often a mail may be asked for. */
export interface IsConfiguration_UserRegistration_ContactInfoValidation {
  required?: boolean;
  token_ttl?: Duration;
  retry_interval?: Duration;
}

/** Whether an admin must approve new users. */
export interface IsConfiguration_UserRegistration_AdminApproval {
  required?: boolean;
}

/** What a password must have at least, counted in characters. */
export interface IsConfiguration_UserRegistration_PasswordRequirements {
  min_length?: number;
  max_length?: number;
  min_uppercase?: number;
  min_digits?: number;
  min_special?: number;
}

/** Pictures of users. */
export interface IsConfiguration_ProfilePicture {
  disable_upload?: boolean;
  use_gravatar?: boolean;
}

/** Pictures of end devices. */
export interface IsConfiguration_EndDevicePicture {
  disable_upload?: boolean;
}

/** What users who are no admins may create. */
export interface IsConfiguration_UserRights {
  create_applications?: boolean;
  create_clients?: boolean;
  create_gateways?: boolean;
  create_organizations?: boolean;
}

/** How users log in. */
export interface IsConfiguration_UserLogin {
  /** Only through an external provider. */
  disable_credentials_login?: boolean;
}

/** What admins may do. */
export interface IsConfiguration_AdminRights {
  /** Also hand out keys and rights of every entity. */
  all?: boolean;
}

/** What collaborators may do to each other. */
export interface IsConfiguration_CollaboratorRights {
  /** Name others than themselves as contacts. */
  set_others_as_contacts?: boolean;
}

/** The configuration of the Identity Server. */
export interface GetIsConfigurationResponse {
  configuration?: IsConfiguration;
}

/** A join-request that the Network Server hands to the Join Server. */
export interface JoinRequest {
  /** Base64. */
  raw_payload?: string;
  payload?: Message;
  /** 8 hexadecimal digits. */
  dev_addr?: string;
  selected_mac_version?: MACVersion;
  /** 6 hexadecimal digits. */
  net_id?: string;
  downlink_settings?: DLSettings;
  rx_delay?: RxDelay;
  cf_list?: CFList;
  correlation_ids?: string[];
  consumed_airtime?: Duration;
}

/** The join-accept and the keys of the new session. */
export interface JoinResponse {
  /** Base64. */
  raw_payload?: string;
  session_keys?: SessionKeys;
  lifetime?: Duration;
  correlation_ids?: string[];
}

/** The keys of a session. */
export interface SessionKeyRequest {
  /** Base64. */
  session_key_id?: string;
  /** 16 hexadecimal digits. */
  dev_eui?: string;
  /** 16 hexadecimal digits. */
  join_eui?: string;
}

/** The network's keys of a session. */
export interface NwkSKeysResponse {
  f_nwk_s_int_key?: KeyEnvelope;
  s_nwk_s_int_key?: KeyEnvelope;
  nwk_s_enc_key?: KeyEnvelope;
}

/** The application's key of a session. */
export interface AppSKeyResponse {
  app_s_key?: KeyEnvelope;
}

/** Bytes to be signed or encrypted with an end device's root key. */
export interface CryptoServicePayloadRequest {
  ids?: EndDeviceIdentifiers;
  lorawan_version?: MACVersion;
  /** Base64. */
  payload?: string;
  provisioner_id?: string;
  provisioning_data?: Struct;
}

/** The signature, or the encrypted bytes. */
export interface CryptoServicePayloadResponse {
  /** Base64. */
  payload?: string;
}

/** A join-accept to be signed. */
export interface JoinAcceptMICRequest {
  payload_request?: CryptoServicePayloadRequest;
  join_request_type?: JoinRequestType;
  /** 4 hexadecimal digits. */
  dev_nonce?: string;
}

/** What session keys are made from. */
export interface DeriveSessionKeysRequest {
  ids?: EndDeviceIdentifiers;
  lorawan_version?: MACVersion;
  /** 6 hexadecimal digits. */
  join_nonce?: string;
  /** 4 hexadecimal digits. */
  dev_nonce?: string;
  /** 6 hexadecimal digits. */
  net_id?: string;
  provisioner_id?: string;
  provisioning_data?: Struct;
}

/** An end device's root key. */
export interface GetRootKeysRequest {
  ids?: EndDeviceIdentifiers;
  provisioner_id?: string;
  provisioning_data?: Struct;
}

/** Devices whose keys are in secure elements. @deprecated */
export interface ProvisionEndDevicesRequest {
  application_ids?: ApplicationIdentifiers;
  provisioner_id?: string;
  /** Base64. */
  provisioning_data?: string;
  list?: ProvisionEndDevicesRequest_IdentifiersList;
  range?: ProvisionEndDevicesRequest_IdentifiersRange;
  from_data?: ProvisionEndDevicesRequest_IdentifiersFromData;
}

/** These end devices. */
export interface ProvisionEndDevicesRequest_IdentifiersList {
  /** 16 hexadecimal digits. */
  join_eui?: string;
  end_device_ids?: EndDeviceIdentifiers[];
}

/** As many DevEUIs from this one on as there are end devices. */
export interface ProvisionEndDevicesRequest_IdentifiersRange {
  /** 16 hexadecimal digits. */
  join_eui?: string;
  /** 16 hexadecimal digits. */
  start_dev_eui?: string;
}

/** DevEUIs as the data has them. */
export interface ProvisionEndDevicesRequest_IdentifiersFromData {
  /** 16 hexadecimal digits. */
  join_eui?: string;
}

/** How joins of an application's end devices are handled by default. */
export interface ApplicationActivationSettings {
  /** The name under which the Application Server knows the key. */
  kek_label?: string;
  /** Wraps the AppSKey on its way. */
  kek?: KeyEnvelope;
  /** The network that may have the session keys. 6 hexadecimal digits. */
  home_net_id?: string;
  application_server_id?: string;
}

/** The settings of an application, with the fields of the mask. */
export interface GetApplicationActivationSettingsRequest {
  application_ids?: ApplicationIdentifiers;
  field_mask?: FieldMask;
}

/** The fields of the mask are set to what `settings` has, or cleared. */
export interface SetApplicationActivationSettingsRequest {
  application_ids?: ApplicationIdentifiers;
  settings?: ApplicationActivationSettings;
  field_mask?: FieldMask;
}

/** Removes the settings of an application. */
export interface DeleteApplicationActivationSettingsRequest {
  application_ids?: ApplicationIdentifiers;
}

/** A block of JoinEUIs. */
export interface JoinEUIPrefix {
  /** 16 hexadecimal digits. */
  join_eui?: string;
  /** How many leading bits count. */
  length?: number;
}

/** The blocks that the Join Server answers for. */
export interface JoinEUIPrefixes {
  prefixes?: JoinEUIPrefix[];
}

/** The JoinEUI for devices that bring none. */
export interface GetDefaultJoinEUIResponse {
  /** 16 hexadecimal digits. */
  join_eui?: string;
}

/** A key: in clear, or wrapped and the label of what it is wrapped with. */
export interface KeyEnvelope {
  /** 32 hexadecimal digits. */
  key?: string;
  kek_label?: string;
  /** Base64. */
  encrypted_key?: string;
}

/** The keys that a device was made with. */
export interface RootKeys {
  root_key_id?: string;
  app_key?: KeyEnvelope;
  nwk_key?: KeyEnvelope;
}

/** The keys of a session. */
export interface SessionKeys {
  /** Base64. */
  session_key_id?: string;
  /** With LoRaWAN 1.0 the NwkSKey. */
  f_nwk_s_int_key?: KeyEnvelope;
  s_nwk_s_int_key?: KeyEnvelope;
  nwk_s_enc_key?: KeyEnvelope;
  app_s_key?: KeyEnvelope;
}

/** A LoRaWAN frame, taken apart. */
export interface Message {
  m_hdr?: MHDR;
  /** Base64. */
  mic?: string;
  mac_payload?: MACPayload;
  join_request_payload?: JoinRequestPayload;
  join_accept_payload?: JoinAcceptPayload;
  rejoin_request_payload?: RejoinRequestPayload;
}

/** The first byte of a frame. */
export interface MHDR {
  m_type?: MType;
  major?: Major;
}

/** What a data frame has between header and MIC. */
export interface MACPayload {
  f_hdr?: FHDR;
  f_port?: number;
  /** Base64. */
  frm_payload?: string;
  decoded_payload?: Struct;
  /** All 32 bits of the counter, of which the frame has 16. */
  full_f_cnt?: number;
}

/** The header of a data frame. */
export interface FHDR {
  /** 8 hexadecimal digits. */
  dev_addr?: string;
  f_ctrl?: FCtrl;
  f_cnt?: number;
  /** Base64. */
  f_opts?: string;
}

/** The flags of a data frame. */
export interface FCtrl {
  adr?: boolean;
  adr_ack_req?: boolean;
  ack?: boolean;
  f_pending?: boolean;
  class_b?: boolean;
}

/** What a join-request says. */
export interface JoinRequestPayload {
  /** 16 hexadecimal digits. */
  join_eui?: string;
  /** 16 hexadecimal digits. */
  dev_eui?: string;
  /** 4 hexadecimal digits. */
  dev_nonce?: string;
}

/** What a rejoin-request says. */
export interface RejoinRequestPayload {
  rejoin_type?: RejoinRequestType;
  /** 6 hexadecimal digits. */
  net_id?: string;
  /** 16 hexadecimal digits. */
  join_eui?: string;
  /** 16 hexadecimal digits. */
  dev_eui?: string;
  rejoin_cnt?: number;
}

/** What a join-accept says. */
export interface JoinAcceptPayload {
  /** Base64. */
  encrypted?: string;
  /** 6 hexadecimal digits. */
  join_nonce?: string;
  /** 6 hexadecimal digits. */
  net_id?: string;
  /** 8 hexadecimal digits. */
  dev_addr?: string;
  dl_settings?: DLSettings;
  rx_delay?: RxDelay;
  cf_list?: CFList;
}

/** The receive windows after a join. */
export interface DLSettings {
  rx1_dr_offset?: DataRateOffset;
  rx2_dr?: DataRateIndex;
  opt_neg?: boolean;
}

/** Channels that a join-accept brings. */
export interface CFList {
  type?: CFListType;
  freq?: number[];
  ch_masks?: boolean[];
}

/** A data rate of LoRa modulation. */
export interface LoRaDataRate {
  /** Hz. */
  bandwidth?: number;
  spreading_factor?: number;
  coding_rate?: string;
}

/** A data rate of FSK modulation. */
export interface FSKDataRate {
  /** Bits per second. */
  bit_rate?: number;
}

/** A data rate of LR-FHSS modulation. */
export interface LRFHSSDataRate {
  modulation_type?: number;
  /** Hz. */
  operating_channel_width?: number;
  coding_rate?: string;
}

/** A modulation and its parameters. */
export interface DataRate {
  lora?: LoRaDataRate;
  fsk?: FSKDataRate;
  lrfhss?: LRFHSSDataRate;
}

/** How a frame is or was sent. */
export interface TxSettings {
  data_rate?: DataRate;
  /** Hz. */
  frequency?: string;
  enable_crc?: boolean;
  /** Microseconds of the gateway's own clock, which starts over after 32 bits. */
  timestamp?: number;
  time?: Timestamp;
  downlink?: TxSettings_Downlink;
  /** Nanoseconds of the gateway's clock as the Gateway Server counts it, without starting over. */
  concentrator_timestamp?: string;
}

/** What only the gateway that sends needs to know. */
export interface TxSettings_Downlink {
  antenna_index?: number;
  /** dBm. */
  tx_power?: number;
  invert_polarization?: boolean;
}

/** One antenna of a gateway. */
export interface GatewayAntennaIdentifiers {
  gateway_ids?: GatewayIdentifiers;
  antenna_index?: number;
}

/** A gateway that a downlink of class B or C may go through. */
export interface ClassBCGatewayIdentifiers {
  gateway_ids?: GatewayIdentifiers;
  antenna_index?: number;
  group_index?: number;
}

/** What a gateway's answer needs to know of the uplink; only the Gateway Server reads it. */
export interface UplinkToken {
  ids?: GatewayAntennaIdentifiers;
  timestamp?: number;
  server_time?: Timestamp;
  concentrator_time?: string;
  gateway_time?: Timestamp;
}

/** A way to a device. */
export interface DownlinkPath {
  /** Base64. */
  uplink_token?: string;
  fixed?: GatewayAntennaIdentifiers;
}

/** What the Network Server asks the Gateway Server to send. */
export interface TxRequest {
  class?: Class;
  downlink_paths?: DownlinkPath[];
  rx1_delay?: RxDelay;
  rx1_data_rate?: DataRate;
  /** Hz. */
  rx1_frequency?: string;
  rx2_data_rate?: DataRate;
  /** Hz. */
  rx2_frequency?: string;
  priority?: TxSchedulePriority;
  /** When to send, for classes B and C. */
  absolute_time?: Timestamp;
  frequency_plan_id?: string;
  advanced?: Struct;
}

/** A relay's second channel. */
export interface RelaySecondChannel {
  ack_offset?: RelaySecondChAckOffset;
  data_rate_index?: DataRateIndex;
  /** Hz. */
  frequency?: string;
}

/** How much a relay forwards for one device. */
export interface RelayUplinkForwardLimits {
  bucket_size?: RelayLimitBucketSize;
  /** Frames an hour. */
  reload_rate?: number;
}

/** How much a relay forwards of one kind. */
export interface RelayForwardLimits {
  bucket_size?: RelayLimitBucketSize;
  /** Frames an hour. */
  reload_rate?: number;
}

/** The device always wakes its relay. */
export type RelayEndDeviceAlwaysMode = Empty;

/** The device wakes its relay when it is not answered. */
export interface RelayEndDeviceDynamicMode {
  smart_enable_level?: RelaySmartEnableLevel;
}

/** The device decides. */
export type RelayEndDeviceControlledMode = Empty;

/** A MAC command of either direction. */
export interface MACCommand {
  cid?: MACCommandIdentifier;
  /** Base64. */
  raw_payload?: string;
  reset_ind?: MACCommand_ResetInd;
  reset_conf?: MACCommand_ResetConf;
  link_check_ans?: MACCommand_LinkCheckAns;
  link_adr_req?: MACCommand_LinkADRReq;
  link_adr_ans?: MACCommand_LinkADRAns;
  duty_cycle_req?: MACCommand_DutyCycleReq;
  rx_param_setup_req?: MACCommand_RxParamSetupReq;
  rx_param_setup_ans?: MACCommand_RxParamSetupAns;
  dev_status_ans?: MACCommand_DevStatusAns;
  new_channel_req?: MACCommand_NewChannelReq;
  new_channel_ans?: MACCommand_NewChannelAns;
  dl_channel_req?: MACCommand_DLChannelReq;
  dl_channel_ans?: MACCommand_DLChannelAns;
  rx_timing_setup_req?: MACCommand_RxTimingSetupReq;
  tx_param_setup_req?: MACCommand_TxParamSetupReq;
  rekey_ind?: MACCommand_RekeyInd;
  rekey_conf?: MACCommand_RekeyConf;
  adr_param_setup_req?: MACCommand_ADRParamSetupReq;
  device_time_ans?: MACCommand_DeviceTimeAns;
  force_rejoin_req?: MACCommand_ForceRejoinReq;
  rejoin_param_setup_req?: MACCommand_RejoinParamSetupReq;
  rejoin_param_setup_ans?: MACCommand_RejoinParamSetupAns;
  ping_slot_info_req?: MACCommand_PingSlotInfoReq;
  ping_slot_channel_req?: MACCommand_PingSlotChannelReq;
  ping_slot_channel_ans?: MACCommand_PingSlotChannelAns;
  beacon_timing_ans?: MACCommand_BeaconTimingAns;
  beacon_freq_req?: MACCommand_BeaconFreqReq;
  beacon_freq_ans?: MACCommand_BeaconFreqAns;
  device_mode_ind?: MACCommand_DeviceModeInd;
  device_mode_conf?: MACCommand_DeviceModeConf;
  relay_conf_req?: MACCommand_RelayConfReq;
  relay_conf_ans?: MACCommand_RelayConfAns;
  relay_end_device_conf_req?: MACCommand_RelayEndDeviceConfReq;
  relay_end_device_conf_ans?: MACCommand_RelayEndDeviceConfAns;
  relay_update_uplink_list_req?: MACCommand_RelayUpdateUplinkListReq;
  relay_update_uplink_list_ans?: MACCommand_RelayUpdateUplinkListAns;
  relay_ctrl_uplink_list_req?: MACCommand_RelayCtrlUplinkListReq;
  relay_ctrl_uplink_list_ans?: MACCommand_RelayCtrlUplinkListAns;
  relay_configure_fwd_limit_req?: MACCommand_RelayConfigureFwdLimitReq;
  relay_configure_fwd_limit_ans?: MACCommand_RelayConfigureFwdLimitAns;
  relay_notify_new_end_device_req?: MACCommand_RelayNotifyNewEndDeviceReq;
}

/** The end device lost its session state (LoRaWAN 1.1 ABP). */
export interface MACCommand_ResetInd {
  minor_version?: Minor;
}

/** The network has reset its session state too. */
export interface MACCommand_ResetConf {
  minor_version?: Minor;
}

/** How well the uplink was heard. */
export interface MACCommand_LinkCheckAns {
  /** dB above the weakest that can be heard. */
  margin?: number;
  gateway_count?: number;
}

/** Sets data rate, power and channels. */
export interface MACCommand_LinkADRReq {
  data_rate_index?: DataRateIndex;
  tx_power_index?: number;
  channel_mask?: boolean[];
  channel_mask_control?: number;
  nb_trans?: number;
}

/** Which of that was accepted. */
export interface MACCommand_LinkADRAns {
  channel_mask_ack?: boolean;
  data_rate_index_ack?: boolean;
  tx_power_index_ack?: boolean;
}

/** Limits the share of time that the end device may send. */
export interface MACCommand_DutyCycleReq {
  max_duty_cycle?: AggregatedDutyCycle;
}

/** Sets the receive windows; the frequency in Hz. */
export interface MACCommand_RxParamSetupReq {
  rx2_data_rate_index?: DataRateIndex;
  rx1_data_rate_offset?: DataRateOffset;
  rx2_frequency?: string;
}

/** Which of that was accepted. */
export interface MACCommand_RxParamSetupAns {
  rx2_data_rate_index_ack?: boolean;
  rx1_data_rate_offset_ack?: boolean;
  rx2_frequency_ack?: boolean;
}

/** How the end device is. */
export interface MACCommand_DevStatusAns {
  /** 0 is external power, 1 empty, 254 full, 255 unknown. */
  battery?: number;
  /** dB of the last downlink's signal. */
  margin?: number;
}

/** Sets a channel; a frequency of zero removes it. */
export interface MACCommand_NewChannelReq {
  channel_index?: number;
  frequency?: string;
  min_data_rate_index?: DataRateIndex;
  max_data_rate_index?: DataRateIndex;
}

/** Which of that was accepted. */
export interface MACCommand_NewChannelAns {
  frequency_ack?: boolean;
  data_rate_ack?: boolean;
}

/** Moves the first receive window of a channel; the frequency in Hz. */
export interface MACCommand_DLChannelReq {
  channel_index?: number;
  frequency?: string;
}

/** Which of that was accepted. */
export interface MACCommand_DLChannelAns {
  channel_index_ack?: boolean;
  frequency_ack?: boolean;
}

/** Sets the time to the first receive window. */
export interface MACCommand_RxTimingSetupReq {
  delay?: RxDelay;
}

/** Sets limits of power and dwell time. */
export interface MACCommand_TxParamSetupReq {
  max_eirp_index?: DeviceEIRP;
  uplink_dwell_time?: boolean;
  downlink_dwell_time?: boolean;
}

/** The end device uses new session keys. */
export interface MACCommand_RekeyInd {
  minor_version?: Minor;
}

/** The network uses them too. */
export interface MACCommand_RekeyConf {
  minor_version?: Minor;
}

/** Sets when the end device doubts that it is heard. */
export interface MACCommand_ADRParamSetupReq {
  adr_ack_limit_exponent?: ADRAckLimitExponent;
  adr_ack_delay_exponent?: ADRAckDelayExponent;
}

/** The time at the end of the uplink. */
export interface MACCommand_DeviceTimeAns {
  time?: Timestamp;
}

/** Has the end device send a rejoin-request. */
export interface MACCommand_ForceRejoinReq {
  rejoin_type?: RejoinRequestType;
  data_rate_index?: DataRateIndex;
  max_retries?: number;
  period_exponent?: RejoinPeriodExponent;
}

/** Sets how often the end device sends rejoin-requests of its own. */
export interface MACCommand_RejoinParamSetupReq {
  max_count_exponent?: RejoinCountExponent;
  max_time_exponent?: RejoinTimeExponent;
}

/** Whether the time was accepted too. */
export interface MACCommand_RejoinParamSetupAns {
  max_time_exponent_ack?: boolean;
}

/** How often the end device listens in class B. */
export interface MACCommand_PingSlotInfoReq {
  period?: PingSlotPeriod;
}

/** Sets where the end device listens in class B; the frequency in Hz. */
export interface MACCommand_PingSlotChannelReq {
  frequency?: string;
  data_rate_index?: DataRateIndex;
}

/** Which of that was accepted. */
export interface MACCommand_PingSlotChannelAns {
  frequency_ack?: boolean;
  data_rate_index_ack?: boolean;
}

/** When the next beacon comes. */
export interface MACCommand_BeaconTimingAns {
  /** Steps of 30 milliseconds. */
  delay?: number;
  channel_index?: number;
}

/** Sets where the end device looks for beacons; Hz. */
export interface MACCommand_BeaconFreqReq {
  frequency?: string;
}

/** Whether it was accepted. */
export interface MACCommand_BeaconFreqAns {
  frequency_ack?: boolean;
}

/** The end device changes its class. */
export interface MACCommand_DeviceModeInd {
  class?: Class;
}

/** The network has noted the class. */
export interface MACCommand_DeviceModeConf {
  class?: Class;
}

/** Makes an end device a relay; without configuration it stops being one. */
export interface MACCommand_RelayConfReq {
  configuration?: MACCommand_RelayConfReq_Configuration;
}

/** How the relay listens. */
export interface MACCommand_RelayConfReq_Configuration {
  second_channel?: RelaySecondChannel;
  default_channel_index?: number;
  cad_periodicity?: RelayCADPeriodicity;
}

/** Which of that was accepted. */
export interface MACCommand_RelayConfAns {
  second_channel_frequency_ack?: boolean;
  second_channel_ack_offset_ack?: boolean;
  second_channel_data_rate_index_ack?: boolean;
  second_channel_index_ack?: boolean;
  default_channel_index_ack?: boolean;
  cad_periodicity_ack?: boolean;
}

/** Has an end device use a relay; without configuration it stops. */
export interface MACCommand_RelayEndDeviceConfReq {
  configuration?: MACCommand_RelayEndDeviceConfReq_Configuration;
}

/** How it reaches the relay. */
export interface MACCommand_RelayEndDeviceConfReq_Configuration {
  always?: RelayEndDeviceAlwaysMode;
  dynamic?: RelayEndDeviceDynamicMode;
  end_device_controlled?: RelayEndDeviceControlledMode;
  backoff?: number;
  second_channel?: RelaySecondChannel;
  serving_device_id?: string;
}

/** Which of that was accepted. */
export interface MACCommand_RelayEndDeviceConfAns {
  second_channel_frequency_ack?: boolean;
  second_channel_data_rate_index_ack?: boolean;
  second_channel_index_ack?: boolean;
  backoff_ack?: boolean;
}

/** Has a relay forward the uplinks of an end device. */
export interface MACCommand_RelayUpdateUplinkListReq {
  rule_index?: number;
  forward_limits?: RelayUplinkForwardLimits;
  /** 8 hexadecimal digits. */
  dev_addr?: string;
  w_f_cnt?: number;
  /** 32 hexadecimal digits. */
  root_wor_s_key?: string;
  device_id?: string;
  /** Base64. */
  session_key_id?: string;
}

/** It does. */
export type MACCommand_RelayUpdateUplinkListAns = Empty;

/** Reads or removes an entry of a relay's list. */
export interface MACCommand_RelayCtrlUplinkListReq {
  rule_index?: number;
  action?: RelayCtrlUplinkListAction;
}

/** What the entry was. */
export interface MACCommand_RelayCtrlUplinkListAns {
  rule_index_ack?: boolean;
  w_f_cnt?: number;
}

/** Limits what a relay forwards. */
export interface MACCommand_RelayConfigureFwdLimitReq {
  reset_limit_counter?: RelayResetLimitCounter;
  join_request_limits?: RelayForwardLimits;
  notify_limits?: RelayForwardLimits;
  global_uplink_limits?: RelayForwardLimits;
  overall_limits?: RelayForwardLimits;
}

/** It does. */
export type MACCommand_RelayConfigureFwdLimitAns = Empty;

/** A relay heard an end device that is not on its list. */
export interface MACCommand_RelayNotifyNewEndDeviceReq {
  /** 8 hexadecimal digits. */
  dev_addr?: string;
  snr?: number;
  rssi?: number;
}

/** Several MAC commands. */
export interface MACCommands {
  commands?: MACCommand[];
}

/** A frequency in Hz that can be absent. */
export type FrequencyValue = string;

/** A frequency in Hz that can be absent, and zero. */
export type ZeroableFrequencyValue = string;

/** A data rate offset that can be absent. */
export type DataRateOffsetValue = DataRateOffset;

/** A data rate index that can be absent. */
export type DataRateIndexValue = DataRateIndex;

/** A ping slot period that can be absent. */
export type PingSlotPeriodValue = PingSlotPeriod;

/** A duty cycle that can be absent. */
export type AggregatedDutyCycleValue = AggregatedDutyCycle;

/** A delay that can be absent. */
export type RxDelayValue = RxDelay;

/** A limit that can be absent. */
export type ADRAckLimitExponentValue = ADRAckLimitExponent;

/** A delay that can be absent. */
export type ADRAckDelayExponentValue = ADRAckDelayExponent;

/** A power that can be absent. */
export type DeviceEIRPValue = DeviceEIRP;

/** A frame that a relay received, and how well. */
export interface RelayForwardUplinkReq {
  data_rate?: DataRate;
  /** dB. */
  snr?: number;
  /** dBm. */
  rssi?: number;
  wor_channel?: RelayWORChannel;
  /** Hz. */
  frequency?: string;
  /** Base64. */
  raw_payload?: string;
}

/** A frame that a relay sends on. */
export interface RelayForwardDownlinkReq {
  /** Base64. */
  raw_payload?: string;
}

/** What a relay's answer needs to know of the uplink; only the Network Server reads it. */
export interface RelayUplinkToken {
  ids?: EndDeviceIdentifiers;
  /** Base64. */
  session_key_id?: string;
  full_f_cnt?: number;
}

/** A frame that gateways received. */
export interface UplinkMessage {
  /** Base64. */
  raw_payload?: string;
  payload?: Message;
  settings?: TxSettings;
  rx_metadata?: RxMetadata[];
  received_at?: Timestamp;
  correlation_ids?: string[];
  device_channel_index?: number;
  /** How long the frame took to send. */
  consumed_airtime?: Duration;
  crc_status?: boolean;
}

/** A frame for a gateway to send. */
export interface DownlinkMessage {
  /** Base64. */
  raw_payload?: string;
  payload?: Message;
  end_device_ids?: EndDeviceIdentifiers;
  request?: TxRequest;
  scheduled?: TxSettings;
  correlation_ids?: string[];
  /** Base64. */
  session_key_id?: string;
}

/** What a gateway says of a frame that it was to send. */
export interface TxAcknowledgment {
  correlation_ids?: string[];
  result?: TxAcknowledgment_Result;
  downlink_message?: DownlinkMessage;
}

/** The same, with the gateway's name. */
export interface GatewayTxAcknowledgment {
  gateway_ids?: GatewayIdentifiers;
  tx_ack?: TxAcknowledgment;
}

/** A frame with the band it was received in. */
export interface GatewayUplinkMessage {
  message?: UplinkMessage;
  band_id?: string;
}

/** A data uplink, decrypted and decoded. */
export interface ApplicationUplink {
  /** Base64. */
  session_key_id?: string;
  f_port?: number;
  f_cnt?: number;
  /** Base64. */
  frm_payload?: string;
  decoded_payload?: Struct;
  decoded_payload_warnings?: string[];
  /** Measurements whose values have known names and units. */
  normalized_payload?: Struct[];
  normalized_payload_warnings?: string[];
  rx_metadata?: RxMetadata[];
  settings?: TxSettings;
  received_at?: Timestamp;
  /** Where payloads stay encrypted; wrapped. */
  app_s_key?: KeyEnvelope;
  last_a_f_cnt_down?: number;
  confirmed?: boolean;
  /** How long the frame took to send. */
  consumed_airtime?: Duration;
  /** Between 0 and 1. */
  packet_error_rate?: number;
  /** Where the end device is said to be, by who says so. */
  locations?: { [key: string]: Location };
  version_ids?: EndDeviceVersionIdentifiers;
  network_ids?: NetworkIdentifiers;
}

/** One measurement of an uplink whose values have known names and units. */
export interface ApplicationUplinkNormalized {
  /** Base64. */
  session_key_id?: string;
  f_port?: number;
  f_cnt?: number;
  /** Base64. */
  frm_payload?: string;
  normalized_payload?: Struct;
  normalized_payload_warnings?: string[];
  rx_metadata?: RxMetadata[];
  settings?: TxSettings;
  received_at?: Timestamp;
  confirmed?: boolean;
  consumed_airtime?: Duration;
  locations?: { [key: string]: Location };
  version_ids?: EndDeviceVersionIdentifiers;
  network_ids?: NetworkIdentifiers;
}

/** A place that was found for a device. */
export interface ApplicationLocation {
  service?: string;
  location?: Location;
  attributes?: { [key: string]: string };
}

/** A device joined and has a new session. */
export interface ApplicationJoinAccept {
  /** Base64. */
  session_key_id?: string;
  app_s_key?: KeyEnvelope;
  invalidated_downlinks?: ApplicationDownlink[];
  /** The device has not used the session yet. */
  pending_session?: boolean;
  received_at?: Timestamp;
}

/** A downlink of the application. */
export interface ApplicationDownlink {
  /** Base64. */
  session_key_id?: string;
  /** Applications may use 1 to 233; the queue refuses the others. */
  f_port?: number;
  /** Assigned by the Application Server. */
  f_cnt?: number;
  /** In clear towards applications, encrypted towards the Network Server. Base64. */
  frm_payload?: string;
  /** Values for the formatter, instead of bytes. */
  decoded_payload?: Struct;
  decoded_payload_warnings?: string[];
  /** The device is asked to acknowledge. */
  confirmed?: boolean;
  class_b_c?: ApplicationDownlink_ClassBC;
  priority?: TxSchedulePriority;
  correlation_ids?: string[];
  confirmed_retry?: ApplicationDownlink_ConfirmedRetry;
}

/** For classes B and C: through which gateways, and when. */
export interface ApplicationDownlink_ClassBC {
  gateways?: ClassBCGatewayIdentifiers[];
  absolute_time?: Timestamp;
}

/** How often a downlink is tried that is not acknowledged. */
export interface ApplicationDownlink_ConfirmedRetry {
  attempt?: number;
  max_attempts?: number;
}

/** A device's downlink queue. */
export interface ApplicationDownlinks {
  downlinks?: ApplicationDownlink[];
}

/** A downlink that will not be sent, and why. */
export interface ApplicationDownlinkFailed {
  downlink?: ApplicationDownlink;
  error?: ErrorDetails;
}

/** Downlinks of a session that is over, to be encrypted anew. */
export interface ApplicationInvalidatedDownlinks {
  downlinks?: ApplicationDownlink[];
  last_f_cnt_down?: number;
  /** Base64. */
  session_key_id?: string;
}

/** What the Application Server needs to try again. */
export interface DownlinkQueueOperationErrorDetails {
  /** 8 hexadecimal digits. */
  dev_addr?: string;
  /** Base64. */
  session_key_id?: string;
  min_f_cnt_down?: number;
  /** 8 hexadecimal digits. */
  pending_dev_addr?: string;
  /** Base64. */
  pending_session_key_id?: string;
  pending_min_f_cnt_down?: number;
}

/** What an integration has to say about a device. */
export interface ApplicationServiceData {
  service?: string;
  data?: Struct;
}

/** A message to the application about a device. */
export interface ApplicationUp {
  end_device_ids?: EndDeviceIdentifiers;
  correlation_ids?: string[];
  received_at?: Timestamp;
  uplink_message?: ApplicationUplink;
  uplink_normalized?: ApplicationUplinkNormalized;
  join_accept?: ApplicationJoinAccept;
  downlink_ack?: ApplicationDownlink;
  downlink_nack?: ApplicationDownlink;
  downlink_sent?: ApplicationDownlink;
  downlink_failed?: ApplicationDownlinkFailed;
  downlink_queued?: ApplicationDownlink;
  downlink_queue_invalidated?: ApplicationInvalidatedDownlinks;
  location_solved?: ApplicationLocation;
  service_data?: ApplicationServiceData;
  /** Made up by a person to try something. */
  simulated?: boolean;
}

/** The formatters of a device, or of all devices of an application. */
export interface MessagePayloadFormatters {
  up_formatter?: PayloadFormatter;
  up_formatter_parameter?: string;
  down_formatter?: PayloadFormatter;
  down_formatter_parameter?: string;
}

/** Downlinks for a device's queue. */
export interface DownlinkQueueRequest {
  end_device_ids?: EndDeviceIdentifiers;
  downlinks?: ApplicationDownlink[];
}

/** How one antenna received a frame. */
export interface RxMetadata {
  gateway_ids?: GatewayIdentifiers;
  packet_broker?: PacketBrokerMetadata;
  relay?: RelayMetadata;
  antenna_index?: number;
  time?: Timestamp;
  /** Microseconds of the gateway's own clock, which starts over after 32 bits. */
  timestamp?: number;
  /** Nanoseconds since the last full GPS second. */
  fine_timestamp?: string;
  /** Base64. */
  encrypted_fine_timestamp?: string;
  encrypted_fine_timestamp_key_id?: string;
  /** dBm, of the packet. */
  rssi?: number;
  /** dBm, of the signal without the noise. */
  signal_rssi?: number;
  /** dBm, of the channel while the packet was received. */
  channel_rssi?: number;
  rssi_standard_deviation?: number;
  /** dB. */
  snr?: number;
  frequency_offset?: string;
  location?: Location;
  downlink_path_constraint?: DownlinkPathConstraint;
  /** To be handed back when answering through this gateway. Base64. */
  uplink_token?: string;
  channel_index?: number;
  hopping_width?: number;
  frequency_drift?: number;
  gps_time?: Timestamp;
  received_at?: Timestamp;
  advanced?: Struct;
}

/** A place on Earth. */
export interface Location {
  /** Degrees north. */
  latitude?: number;
  /** Degrees east. */
  longitude?: number;
  /** Metres above the ellipsoid. */
  altitude?: number;
  /** Metres. */
  accuracy?: number;
  source?: LocationSource;
}

/** How a frame came through Packet Broker. */
export interface PacketBrokerMetadata {
  message_id?: string;
  /** 6 hexadecimal digits. */
  forwarder_net_id?: string;
  forwarder_tenant_id?: string;
  forwarder_cluster_id?: string;
  /** 16 hexadecimal digits. */
  forwarder_gateway_eui?: string;
  forwarder_gateway_id?: string;
  /** 6 hexadecimal digits. */
  home_network_net_id?: string;
  home_network_tenant_id?: string;
  home_network_cluster_id?: string;
  hops?: PacketBrokerRouteHop[];
}

/** One station of that way. */
export interface PacketBrokerRouteHop {
  received_at?: Timestamp;
  sender_name?: string;
  sender_address?: string;
  receiver_name?: string;
  receiver_agent?: string;
}

/** How a frame came through a relay. */
export interface RelayMetadata {
  device_id?: string;
  wor_channel?: RelayWORChannel;
}

/** Addresses and user name of an application's MQTT access. */
export interface MQTTConnectionInfo {
  public_address?: string;
  public_tls_address?: string;
  username?: string;
}

/** A device address from the network's blocks, for a device that does not join. */
export interface GenerateDevAddrResponse {
  /** 8 hexadecimal digits. */
  dev_addr?: string;
}

/** A frequency plan and a version of its parameters. */
export interface GetDefaultMACSettingsRequest {
  frequency_plan_id?: string;
  lorawan_phy_version?: PHYVersion;
}

/** The NetID of the network. */
export interface GetNetIDResponse {
  /** 6 hexadecimal digits. */
  net_id?: string;
}

/** The blocks that device addresses come from. The misspelt name is the public one. */
export interface GetDeviceAdressPrefixesResponse {
  /** Such as "26000000/7". */
  dev_addr_prefixes?: string[];
}

/** Makes an end device a relay, or has it use one. */
export interface CreateRelayRequest {
  end_device_ids?: EndDeviceIdentifiers;
  settings?: RelaySettings;
}

/** The settings as they are stored. */
export interface CreateRelayResponse {
  settings?: RelaySettings;
}

/** A relay's settings, with the fields of the mask. */
export interface GetRelayRequest {
  end_device_ids?: EndDeviceIdentifiers;
  field_mask?: FieldMask;
}

/** The settings. */
export interface GetRelayResponse {
  settings?: RelaySettings;
}

/** The fields of the mask are set to what `settings` has, or cleared. */
export interface UpdateRelayRequest {
  end_device_ids?: EndDeviceIdentifiers;
  settings?: RelaySettings;
  field_mask?: FieldMask;
}

/** The settings as they are stored. */
export interface UpdateRelayResponse {
  settings?: RelaySettings;
}

/** Ends an end device's part in relaying. */
export interface DeleteRelayRequest {
  end_device_ids?: EndDeviceIdentifiers;
}

/** Nothing to tell. */
export type DeleteRelayResponse = Empty;

/** A new entry of a relay's list. */
export interface CreateRelayUplinkForwardingRuleRequest {
  end_device_ids?: EndDeviceIdentifiers;
  /** The place in the list, from 0 to 15. */
  index?: number;
  rule?: RelayUplinkForwardingRule;
}

/** The entry as it is stored. */
export interface CreateRelayUplinkForwardingRuleResponse {
  rule?: RelayUplinkForwardingRule;
}

/** One entry of a relay's list, with the fields of the mask. */
export interface GetRelayUplinkForwardingRuleRequest {
  end_device_ids?: EndDeviceIdentifiers;
  index?: number;
  field_mask?: FieldMask;
}

/** The entry. */
export interface GetRelayUplinkForwardingRuleResponse {
  rule?: RelayUplinkForwardingRule;
}

/** All entries of a relay's list. */
export interface ListRelayUplinkForwardingRulesRequest {
  end_device_ids?: EndDeviceIdentifiers;
  field_mask?: FieldMask;
}

/** The entries in their order. */
export interface ListRelayUplinkForwardingRulesResponse {
  rules?: RelayUplinkForwardingRule[];
}

/** The fields of the mask are set to what `rule` has, or cleared. */
export interface UpdateRelayUplinkForwardingRuleRequest {
  end_device_ids?: EndDeviceIdentifiers;
  index?: number;
  rule?: RelayUplinkForwardingRule;
  field_mask?: FieldMask;
}

/** The entry as it is stored. */
export interface UpdateRelayUplinkForwardingRuleResponse {
  rule?: RelayUplinkForwardingRule;
}

/** Removes an entry of a relay's list. */
export interface DeleteRelayUplinkForwardingRuleRequest {
  end_device_ids?: EndDeviceIdentifiers;
  index?: number;
}

/** Nothing to tell. */
export type DeleteRelayUplinkForwardingRuleResponse = Empty;

/** Something that a user should know. */
export interface Notification {
  id?: string;
  created_at?: Timestamp;
  entity_ids?: EntityIdentifiers;
  notification_type?: string;
  /** What the text is made from; its type follows from the notification's. */
  data?: AnyMessage;
  sender_ids?: UserIdentifiers;
  receivers?: NotificationReceiver[];
  /** A mail was sent too. */
  email?: boolean;
  status?: NotificationStatus;
  status_updated_at?: Timestamp;
}

/** For servers: something that people of an entity should know. */
export interface CreateNotificationRequest {
  entity_ids?: EntityIdentifiers;
  notification_type?: string;
  data?: AnyMessage;
  sender_ids?: UserIdentifiers;
  receivers?: NotificationReceiver[];
  email?: boolean;
}

/** The notification's identifier. */
export interface CreateNotificationResponse {
  id?: string;
}

/** A user's notifications. */
export interface ListNotificationsRequest {
  receiver_ids?: UserIdentifiers;
  /** Of these states; all when empty. */
  status?: NotificationStatus[];
  limit?: number;
  page?: number;
}

/** One page of notifications; the number of all is in the header X-Total-Count. */
export interface ListNotificationsResponse {
  notifications?: Notification[];
}

/** Notifications of a user that were read, or put away. */
export interface UpdateNotificationStatusRequest {
  receiver_ids?: UserIdentifiers;
  ids?: string[];
  status?: NotificationStatus;
}

/** That an admin changed the state of an entity, and why. */
export interface EntityStateChangedNotification {
  state?: State;
  state_description?: string;
}

/** A user and an OAuth client. */
export interface OAuthClientAuthorizationIdentifiers {
  user_ids?: UserIdentifiers;
  client_ids?: ClientIdentifiers;
}

/** What a user allowed an OAuth client. */
export interface OAuthClientAuthorization {
  user_ids?: UserIdentifiers;
  client_ids?: ClientIdentifiers;
  rights?: Right[];
  created_at?: Timestamp;
  updated_at?: Timestamp;
}

/** What a user allowed OAuth clients. */
export interface OAuthClientAuthorizations {
  authorizations?: OAuthClientAuthorization[];
}

/** What a user allowed OAuth clients. */
export interface ListOAuthClientAuthorizationsRequest {
  user_ids?: UserIdentifiers;
  order?: string;
  limit?: number;
  page?: number;
}

/** A code that an OAuth client exchanges for tokens, once and soon. */
export interface OAuthAuthorizationCode {
  user_ids?: UserIdentifiers;
  user_session_id?: string;
  client_ids?: ClientIdentifiers;
  rights?: Right[];
  code?: string;
  redirect_uri?: string;
  state?: string;
  created_at?: Timestamp;
  expires_at?: Timestamp;
}

/** One access token. */
export interface OAuthAccessTokenIdentifiers {
  user_ids?: UserIdentifiers;
  client_ids?: ClientIdentifiers;
  id?: string;
}

/** An access token of an OAuth client. */
export interface OAuthAccessToken {
  user_ids?: UserIdentifiers;
  user_session_id?: string;
  client_ids?: ClientIdentifiers;
  id?: string;
  access_token?: string;
  refresh_token?: string;
  rights?: Right[];
  created_at?: Timestamp;
  expires_at?: Timestamp;
}

/** Access tokens, without their secrets. */
export interface OAuthAccessTokens {
  tokens?: OAuthAccessToken[];
}

/** The access tokens that an OAuth client has of a user. */
export interface ListOAuthAccessTokensRequest {
  user_ids?: UserIdentifiers;
  client_ids?: ClientIdentifiers;
  order?: string;
  limit?: number;
  page?: number;
}

/** Users who hold rights together. */
export interface Organization {
  ids?: OrganizationIdentifiers;
  created_at?: Timestamp;
  updated_at?: Timestamp;
  deleted_at?: Timestamp;
  name?: string;
  description?: string;
  attributes?: { [key: string]: string };
  /** @deprecated */
  contact_info?: ContactInfo[];
  administrative_contact?: OrganizationOrUserIdentifiers;
  technical_contact?: OrganizationOrUserIdentifiers;
  /** Every member is told what concerns the organization; otherwise only its contacts. */
  fanout_notifications?: boolean;
}

/** One page of organizations; the number of all is in the header X-Total-Count. */
export interface Organizations {
  organizations?: Organization[];
}

/** One organization, with the fields of the mask. */
export interface GetOrganizationRequest {
  organization_ids?: OrganizationIdentifiers;
  field_mask?: FieldMask;
}

/** Organizations of a member, or all that the caller may see. */
export interface ListOrganizationsRequest {
  collaborator?: OrganizationOrUserIdentifiers;
  field_mask?: FieldMask;
  /** A leading minus reverses the order. */
  order?: string;
  limit?: number;
  /** Counts from 1. */
  page?: number;
  deleted?: boolean;
}

/** A new organization and who becomes its first member, with all rights. */
export interface CreateOrganizationRequest {
  organization?: Organization;
  collaborator?: OrganizationOrUserIdentifiers;
}

/** The fields of the mask are set to what `organization` has, or cleared. */
export interface UpdateOrganizationRequest {
  organization?: Organization;
  field_mask?: FieldMask;
}

/** The API keys of an organization, without their secrets. */
export interface ListOrganizationAPIKeysRequest {
  organization_ids?: OrganizationIdentifiers;
  order?: string;
  limit?: number;
  page?: number;
}

/** One API key of an organization, without its secret. */
export interface GetOrganizationAPIKeyRequest {
  organization_ids?: OrganizationIdentifiers;
  key_id?: string;
}

/** A new API key; nobody can give rights that they do not hold. */
export interface CreateOrganizationAPIKeyRequest {
  organization_ids?: OrganizationIdentifiers;
  name?: string;
  rights?: Right[];
  expires_at?: Timestamp;
}

/** A change of an API key. */
export interface UpdateOrganizationAPIKeyRequest {
  organization_ids?: OrganizationIdentifiers;
  api_key?: APIKey;
  field_mask?: FieldMask;
}

/** The end of an API key. */
export interface DeleteOrganizationAPIKeyRequest {
  organization_ids?: OrganizationIdentifiers;
  key_id?: string;
}

/** The members of an organization. */
export interface ListOrganizationCollaboratorsRequest {
  organization_ids?: OrganizationIdentifiers;
  limit?: number;
  page?: number;
  order?: string;
}

/** The rights of one member. */
export interface GetOrganizationCollaboratorRequest {
  organization_ids?: OrganizationIdentifiers;
  collaborator?: OrganizationOrUserIdentifiers;
}

/** A member's rights from now on; none remove the member. */
export interface SetOrganizationCollaboratorRequest {
  organization_ids?: OrganizationIdentifiers;
  collaborator?: Collaborator;
}

/** Removes a member. */
export interface DeleteOrganizationCollaboratorRequest {
  organization_ids?: OrganizationIdentifiers;
  collaborator_ids?: OrganizationOrUserIdentifiers;
}

/** What Packet Broker is told of a gateway. */
export interface PacketBrokerGateway {
  ids?: PacketBrokerGateway_GatewayIdentifiers;
  /** @deprecated */
  contact_info?: ContactInfo[];
  administrative_contact?: OrganizationOrUserIdentifiers;
  technical_contact?: OrganizationOrUserIdentifiers;
  antennas?: GatewayAntenna[];
  status_public?: boolean;
  location_public?: boolean;
  frequency_plan_ids?: string[];
  update_location_from_status?: boolean;
  online?: boolean;
  /** Received frames an hour. */
  rx_rate?: number;
  /** Sent frames an hour. */
  tx_rate?: number;
}

/** The names of a gateway. */
export interface PacketBrokerGateway_GatewayIdentifiers {
  gateway_id?: string;
  /** 16 hexadecimal digits. */
  eui?: string;
}

/** The fields of the mask are told to Packet Broker. */
export interface UpdatePacketBrokerGatewayRequest {
  gateway?: PacketBrokerGateway;
  field_mask?: FieldMask;
}

/** How the gateway stays online there. */
export interface UpdatePacketBrokerGatewayResponse {
  /** The gateway counts as offline when nothing is told for this long. */
  online_ttl?: Duration;
}

/** A network, or one tenant of it. */
export interface PacketBrokerNetworkIdentifier {
  net_id?: number;
  tenant_id?: string;
}

/** A block of device addresses and the cluster that its end devices are in. */
export interface PacketBrokerDevAddrBlock {
  dev_addr_prefix?: DevAddrPrefix;
  home_network_cluster_id?: string;
}

/** A network that takes part in Packet Broker. */
export interface PacketBrokerNetwork {
  id?: PacketBrokerNetworkIdentifier;
  name?: string;
  dev_addr_blocks?: PacketBrokerDevAddrBlock[];
  /** @deprecated */
  contact_info?: ContactInfo[];
  administrative_contact?: ContactInfo;
  technical_contact?: ContactInfo;
  /** Others see it in the list. */
  listed?: boolean;
}

/** Networks that take part in Packet Broker. */
export interface PacketBrokerNetworks {
  networks?: PacketBrokerNetwork[];
}

/** What this network does in Packet Broker. */
export interface PacketBrokerInfo {
  registration?: PacketBrokerNetwork;
  forwarder_enabled?: boolean;
  home_network_enabled?: boolean;
  register_enabled?: boolean;
}

/** Whether others see this network in the list. */
export interface PacketBrokerRegisterRequest {
  listed?: boolean;
}

/** Which uplinks, and what of them, another network gets. */
export interface PacketBrokerRoutingPolicyUplink {
  join_request?: boolean;
  mac_data?: boolean;
  application_data?: boolean;
  /** RSSI and SNR. */
  signal_quality?: boolean;
  /** Where gateways are, and exact times. */
  localization?: boolean;
}

/** Which downlinks another network may send. */
export interface PacketBrokerRoutingPolicyDownlink {
  join_accept?: boolean;
  mac_data?: boolean;
  application_data?: boolean;
}

/** What goes for networks without a policy of their own. */
export interface PacketBrokerDefaultRoutingPolicy {
  updated_at?: Timestamp;
  uplink?: PacketBrokerRoutingPolicyUplink;
  downlink?: PacketBrokerRoutingPolicyDownlink;
}

/** What goes between two networks. */
export interface PacketBrokerRoutingPolicy {
  forwarder_id?: PacketBrokerNetworkIdentifier;
  home_network_id?: PacketBrokerNetworkIdentifier;
  updated_at?: Timestamp;
  uplink?: PacketBrokerRoutingPolicyUplink;
  downlink?: PacketBrokerRoutingPolicyDownlink;
}

/** What goes for networks without a policy of their own. */
export interface SetPacketBrokerDefaultRoutingPolicyRequest {
  uplink?: PacketBrokerRoutingPolicyUplink;
  downlink?: PacketBrokerRoutingPolicyDownlink;
}

/** The policies of this network, page by page. */
export interface ListHomeNetworkRoutingPoliciesRequest {
  limit?: number;
  page?: number;
}

/** Policies; the number of all is in the header X-Total-Count. */
export interface PacketBrokerRoutingPolicies {
  policies?: PacketBrokerRoutingPolicy[];
}

/** What goes for one network. */
export interface SetPacketBrokerRoutingPolicyRequest {
  home_network_id?: PacketBrokerNetworkIdentifier;
  uplink?: PacketBrokerRoutingPolicyUplink;
  downlink?: PacketBrokerRoutingPolicyDownlink;
}

/** What others see of a gateway. */
export interface PacketBrokerGatewayVisibility {
  location?: boolean;
  antenna_placement?: boolean;
  antenna_count?: boolean;
  fine_timestamps?: boolean;
  contact_info?: boolean;
  status?: boolean;
  frequency_plan?: boolean;
  packet_rates?: boolean;
}

/** What others see of all gateways. */
export interface PacketBrokerDefaultGatewayVisibility {
  updated_at?: Timestamp;
  visibility?: PacketBrokerGatewayVisibility;
}

/** What others see of all gateways from now on. */
export interface SetPacketBrokerDefaultGatewayVisibilityRequest {
  visibility?: PacketBrokerGatewayVisibility;
}

/** Networks, of which a name contains something when wanted. */
export interface ListPacketBrokerNetworksRequest {
  limit?: number;
  page?: number;
  with_routing_policy?: boolean;
  tenant_id_contains?: string;
  name_contains?: string;
}

/** Networks with end devices, of which a name contains something when wanted. */
export interface ListPacketBrokerHomeNetworksRequest {
  limit?: number;
  page?: number;
  tenant_id_contains?: string;
  name_contains?: string;
}

/** The policies of others towards a network. */
export interface ListForwarderRoutingPoliciesRequest {
  home_network_id?: PacketBrokerNetworkIdentifier;
  limit?: number;
  page?: number;
}

/** The way back to the network that received an uplink. */
export interface PacketBrokerAgentUplinkToken {
  /** Base64. */
  forwarder_net_id?: string;
  forwarder_tenant_id?: string;
  forwarder_cluster_id?: string;
}

/** The way back to the gateway that received an uplink. */
export interface PacketBrokerAgentGatewayUplinkToken {
  gateway_uid?: string;
  /** Base64. */
  token?: string;
}

/** The whole way back. */
export interface PacketBrokerAgentCompoundUplinkToken {
  /** Base64. */
  gateway?: string;
  /** Base64. */
  forwarder?: string;
  agent?: PacketBrokerAgentUplinkToken;
}

/** What only this network can read. */
export interface PacketBrokerAgentEncryptedPayload {
  /** Base64. */
  ciphertext?: string;
  /** Base64. */
  nonce?: string;
}

/** A picture, in one or several sizes. */
export interface Picture {
  embedded?: Picture_Embedded;
  sizes?: { [key: string]: string };
}

/** The picture itself. */
export interface Picture_Embedded {
  mime_type?: string;
  /** Base64. */
  data?: string;
}

/** How a QR code is to be read. */
export interface QRCodeFormat {
  name?: string;
  description?: string;
  /** Which fields of the end device it holds. */
  field_mask?: FieldMask;
}

/** How QR codes can be made. */
export interface QRCodeFormats {
  /** By identifier. */
  formats?: { [key: string]: QRCodeFormat };
}

/** One format. */
export interface GetQRCodeFormatRequest {
  format_id?: string;
}

/** An end device to make a QR code of. */
export interface GenerateEndDeviceQRCodeRequest {
  format_id?: string;
  end_device?: EndDevice;
  image?: GenerateEndDeviceQRCodeRequest_Image;
}

/** A picture is wanted too. */
export interface GenerateEndDeviceQRCodeRequest_Image {
  /** Pixels. */
  image_size?: number;
}

/** The QR code as text, and as a picture when wanted. */
export interface GenerateQRCodeResponse {
  text?: string;
  image?: Picture;
}

/** What a scanner read; without a format it is found out. */
export interface ParseEndDeviceQRCodeRequest {
  format_id?: string;
  /** Base64. */
  qr_code?: string;
}

/** The end device as the QR code has it. */
export interface ParseEndDeviceQRCodeResponse {
  format_id?: string;
  end_device_template?: EndDeviceTemplate;
}

/** What a scanner read; without a format it is found out. */
export interface ParseGatewayQRCodeRequest {
  format_id?: string;
  /** Base64. */
  qr_code?: string;
}

/** The gateway as the QR code has it. */
export interface ParseGatewayQRCodeResponse {
  format_id?: string;
  /** 16 hexadecimal digits. */
  gateway_eui?: string;
  owner_token?: string;
}

/** How a concentrator's radios and channels are set; frequencies in Hz. */
export interface ConcentratorConfig {
  channels?: ConcentratorConfig_Channel[];
  lora_standard_channel?: ConcentratorConfig_LoRaStandardChannel;
  fsk_channel?: ConcentratorConfig_FSKChannel;
  lbt?: ConcentratorConfig_LBTConfiguration;
  ping_slot?: ConcentratorConfig_Channel;
  radios?: GatewayRadio[];
  clock_source?: number;
}

/** A channel of LoRa at several spreading factors. */
export interface ConcentratorConfig_Channel {
  frequency?: string;
  radio?: number;
}

/** The channel of LoRa at one spreading factor. */
export interface ConcentratorConfig_LoRaStandardChannel {
  frequency?: string;
  radio?: number;
  bandwidth?: number;
  spreading_factor?: number;
}

/** The channel of FSK. */
export interface ConcentratorConfig_FSKChannel {
  frequency?: string;
  radio?: number;
}

/** Listening before sending. */
export interface ConcentratorConfig_LBTConfiguration {
  rssi_target?: number;
  rssi_offset?: number;
  scan_time?: Duration;
}

/** A set of rights. */
export interface Rights {
  rights?: Right[];
}

/** A credential with rights on one entity. */
export interface APIKey {
  id?: string;
  /** The key itself; only in the answer to its creation. */
  key?: string;
  name?: string;
  rights?: Right[];
  created_at?: Timestamp;
  updated_at?: Timestamp;
  expires_at?: Timestamp;
}

/** One page of API keys. */
export interface APIKeys {
  api_keys?: APIKey[];
}

/** An account and the rights that it holds on an entity. */
export interface Collaborator {
  ids?: OrganizationOrUserIdentifiers;
  rights?: Right[];
}

/** A collaborator of an entity. */
export interface GetCollaboratorResponse {
  ids?: OrganizationOrUserIdentifiers;
  rights?: Right[];
}

/** One page of collaborators. */
export interface Collaborators {
  collaborators?: Collaborator[];
}

/** What applications must contain; all conditions must hold. */
export interface SearchApplicationsRequest {
  query?: string;
  id_contains?: string;
  name_contains?: string;
  description_contains?: string;
  attributes_contain?: { [key: string]: string };
  field_mask?: FieldMask;
  order?: string;
  limit?: number;
  page?: number;
  deleted?: boolean;
}

/** What OAuth clients must contain; all conditions must hold. */
export interface SearchClientsRequest {
  query?: string;
  id_contains?: string;
  name_contains?: string;
  description_contains?: string;
  attributes_contain?: { [key: string]: string };
  state?: State[];
  field_mask?: FieldMask;
  order?: string;
  limit?: number;
  page?: number;
  deleted?: boolean;
}

/** What gateways must contain; all conditions must hold. */
export interface SearchGatewaysRequest {
  query?: string;
  id_contains?: string;
  name_contains?: string;
  description_contains?: string;
  attributes_contain?: { [key: string]: string };
  eui_contains?: string;
  field_mask?: FieldMask;
  order?: string;
  limit?: number;
  page?: number;
  deleted?: boolean;
}

/** What organizations must contain; all conditions must hold. */
export interface SearchOrganizationsRequest {
  query?: string;
  id_contains?: string;
  name_contains?: string;
  description_contains?: string;
  attributes_contain?: { [key: string]: string };
  field_mask?: FieldMask;
  order?: string;
  limit?: number;
  page?: number;
  deleted?: boolean;
}

/** What users must contain; all conditions must hold. */
export interface SearchUsersRequest {
  query?: string;
  id_contains?: string;
  name_contains?: string;
  description_contains?: string;
  attributes_contain?: { [key: string]: string };
  state?: State[];
  field_mask?: FieldMask;
  order?: string;
  limit?: number;
  page?: number;
  deleted?: boolean;
}

/** What the names of users and organizations must contain. */
export interface SearchAccountsRequest {
  query?: string;
  only_users?: boolean;
  application_ids?: ApplicationIdentifiers;
  client_ids?: ClientIdentifiers;
  gateway_ids?: GatewayIdentifiers;
  organization_ids?: OrganizationIdentifiers;
  complement_collaborators?: boolean;
}

/** Users and organizations that were found. */
export interface SearchAccountsResponse {
  account_ids?: OrganizationOrUserIdentifiers[];
}

/** What end devices of an application must contain; all conditions must hold. */
export interface SearchEndDevicesRequest {
  application_ids?: ApplicationIdentifiers;
  query?: string;
  id_contains?: string;
  name_contains?: string;
  description_contains?: string;
  attributes_contain?: { [key: string]: string };
  dev_eui_contains?: string;
  join_eui_contains?: string;
  dev_addr_contains?: string;
  field_mask?: FieldMask;
  order?: string;
  limit?: number;
  page?: number;
}

/** A value that is kept encrypted, and the label of the key that encrypts it. */
export interface Secret {
  key_id?: string;
  /** Base64. */
  value?: string;
}

/** How a simulated frame was received. */
export interface SimulateMetadataParams {
  /** dBm. */
  rssi?: number;
  /** dB. */
  snr?: number;
  timestamp?: number;
  time?: Timestamp;
  lorawan_version?: MACVersion;
  lorawan_phy_version?: PHYVersion;
  band_id?: string;
  /** Hz. */
  frequency?: string;
  channel_index?: number;
  /** Hz. */
  bandwidth?: number;
  spreading_factor?: number;
  data_rate_index?: number;
}

/** A simulated join-request. */
export interface SimulateJoinRequestParams {
  /** 16 hexadecimal digits. */
  join_eui?: string;
  /** 16 hexadecimal digits. */
  dev_eui?: string;
  /** 4 hexadecimal digits. */
  dev_nonce?: string;
  /** 32 hexadecimal digits. */
  app_key?: string;
  /** 32 hexadecimal digits. */
  nwk_key?: string;
}

/** A simulated data uplink. */
export interface SimulateDataUplinkParams {
  /** 8 hexadecimal digits. */
  dev_addr?: string;
  /** 32 hexadecimal digits. */
  f_nwk_s_int_key?: string;
  /** 32 hexadecimal digits. */
  s_nwk_s_int_key?: string;
  /** 32 hexadecimal digits. */
  nwk_s_enc_key?: string;
  /** 32 hexadecimal digits. */
  app_s_key?: string;
  adr?: boolean;
  adr_ack_req?: boolean;
  confirmed?: boolean;
  ack?: boolean;
  f_cnt?: number;
  f_port?: number;
  /** Base64. */
  frm_payload?: string;
  conf_f_cnt?: number;
  tx_dr_idx?: number;
  tx_ch_idx?: number;
  /** Base64. */
  f_opts?: string;
}

/** What a user set in the Console. */
export interface UserConsolePreferences {
  console_theme?: ConsoleTheme;
  dashboard_layouts?: UserConsolePreferences_DashboardLayouts;
  sort_by?: UserConsolePreferences_SortBy;
}

/** How each overview is arranged. */
export interface UserConsolePreferences_DashboardLayouts {
  api_key?: DashboardLayout;
  application?: DashboardLayout;
  collaborator?: DashboardLayout;
  end_device?: DashboardLayout;
  gateway?: DashboardLayout;
  organization?: DashboardLayout;
  overview?: DashboardLayout;
  user?: DashboardLayout;
}

/** How each list is sorted; a leading minus reverses the order. */
export interface UserConsolePreferences_SortBy {
  api_key?: string;
  application?: string;
  collaborator?: string;
  end_device?: string;
  gateway?: string;
  organization?: string;
  user?: string;
}

/** A person, or a program with an account. */
export interface User {
  ids?: UserIdentifiers;
  created_at?: Timestamp;
  updated_at?: Timestamp;
  deleted_at?: Timestamp;
  name?: string;
  description?: string;
  attributes?: { [key: string]: string };
  /** @deprecated */
  contact_info?: ContactInfo[];
  primary_email_address?: string;
  primary_email_address_validated_at?: Timestamp;
  /** Only a digest is kept; never in an answer. */
  password?: string;
  password_updated_at?: Timestamp;
  require_password_update?: boolean;
  state?: State;
  state_description?: string;
  admin?: boolean;
  /** For a user who forgot the password. */
  temporary_password?: string;
  temporary_password_created_at?: Timestamp;
  temporary_password_expires_at?: Timestamp;
  profile_picture?: Picture;
  console_preferences?: UserConsolePreferences;
}

/** One page of users; the number of all is in the header X-Total-Count. */
export interface Users {
  users?: User[];
}

/** One user, with the fields of the mask. */
export interface GetUserRequest {
  user_ids?: UserIdentifiers;
  field_mask?: FieldMask;
}

/** All users, for admins. */
export interface ListUsersRequest {
  field_mask?: FieldMask;
  order?: string;
  limit?: number;
  page?: number;
  deleted?: boolean;
}

/** A new user, with an invitation where one is needed. */
export interface CreateUserRequest {
  user?: User;
  invitation_token?: string;
}

/** The fields of the mask are set to what `user` has, or cleared. */
export interface UpdateUserRequest {
  user?: User;
  field_mask?: FieldMask;
}

/** Sends a temporary password to the user. */
export interface CreateTemporaryPasswordRequest {
  user_ids?: UserIdentifiers;
}

/** A new password, proved by the old or the temporary one. */
export interface UpdateUserPasswordRequest {
  user_ids?: UserIdentifiers;
  new?: string;
  old?: string;
  /** Ends all sessions and tokens of the user. */
  revoke_all_access?: boolean;
}

/** The API keys of a user, without their secrets. */
export interface ListUserAPIKeysRequest {
  user_ids?: UserIdentifiers;
  order?: string;
  limit?: number;
  page?: number;
}

/** One API key of a user, without its secret. */
export interface GetUserAPIKeyRequest {
  user_ids?: UserIdentifiers;
  key_id?: string;
}

/** A new API key; nobody can give rights that they do not hold. */
export interface CreateUserAPIKeyRequest {
  user_ids?: UserIdentifiers;
  name?: string;
  rights?: Right[];
  expires_at?: Timestamp;
}

/** A change of an API key. */
export interface UpdateUserAPIKeyRequest {
  user_ids?: UserIdentifiers;
  api_key?: APIKey;
  field_mask?: FieldMask;
}

/** The end of an API key. */
export interface DeleteUserAPIKeyRequest {
  user_ids?: UserIdentifiers;
  key_id?: string;
}

/** An invitation to register. */
export interface Invitation {
  email?: string;
  token?: string;
  expires_at?: Timestamp;
  created_at?: Timestamp;
  updated_at?: Timestamp;
  accepted_at?: Timestamp;
  accepted_by?: UserIdentifiers;
}

/** Invitations that were sent, page by page. */
export interface ListInvitationsRequest {
  limit?: number;
  page?: number;
}

/** One page of invitations; the number of all is in the header X-Total-Count. */
export interface Invitations {
  invitations?: Invitation[];
}

/** Who is invited. */
export interface SendInvitationRequest {
  email?: string;
}

/** Whose invitation is taken back. */
export interface DeleteInvitationRequest {
  email?: string;
}

/** One session of a user. */
export interface UserSessionIdentifiers {
  user_ids?: UserIdentifiers;
  session_id?: string;
}

/** A user's login in a browser. */
export interface UserSession {
  user_ids?: UserIdentifiers;
  session_id?: string;
  created_at?: Timestamp;
  updated_at?: Timestamp;
  expires_at?: Timestamp;
  session_secret?: string;
}

/** A user's sessions, without their secrets. */
export interface UserSessions {
  sessions?: UserSession[];
}

/** The sessions of a user. */
export interface ListUserSessionsRequest {
  user_ids?: UserIdentifiers;
  order?: string;
  limit?: number;
  page?: number;
}

/** With which a user logs in without a password, once. */
export interface LoginToken {
  user_ids?: UserIdentifiers;
  created_at?: Timestamp;
  updated_at?: Timestamp;
  expires_at?: Timestamp;
  token?: string;
  used?: boolean;
}

/** A login without a password, once. */
export interface CreateLoginTokenRequest {
  user_ids?: UserIdentifiers;
  skip_email?: boolean;
}

/** The token, for admins who hand it over themselves. */
export interface CreateLoginTokenResponse {
  token?: string;
}

/** An entity that a user wants to find again. */
export interface UserBookmark {
  user_ids?: UserIdentifiers;
  entity_ids?: EntityIdentifiers;
  created_at?: Timestamp;
}

/** One page of bookmarks; the number of all is in the header X-Total-Count. */
export interface UserBookmarks {
  bookmarks?: UserBookmark[];
}

/** A new bookmark. */
export interface CreateUserBookmarkRequest {
  user_ids?: UserIdentifiers;
  entity_ids?: EntityIdentifiers;
}

/** A user's bookmarks, of some kinds of entity when wanted. */
export interface ListUserBookmarksRequest {
  user_ids?: UserIdentifiers;
  limit?: number;
  page?: number;
  order?: string;
  deleted?: boolean;
  entity_types?: string[];
}

/** Removes a bookmark. */
export interface DeleteUserBookmarkRequest {
  user_ids?: UserIdentifiers;
  entity_ids?: EntityIdentifiers;
}

/** Removes several bookmarks. */
export interface BatchDeleteUserBookmarksRequest {
  user_ids?: UserIdentifiers;
  entity_ids?: EntityIdentifiers[];
}
