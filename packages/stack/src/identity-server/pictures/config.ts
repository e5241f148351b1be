import { boolean, defineOptions, text } from "../../config/option.ts";

export const pictureOptions = defineOptions({
  "is.profile-picture.disable-upload": {
    read: boolean,
    default: "false",
    description: "Users cannot upload profile pictures",
  },
  "is.profile-picture.use-gravatar": {
    read: boolean,
    default: "true",
    description: "Users without a profile picture show the one of gravatar.com for their e-mail address",
  },
  "is.profile-picture.bucket-url": {
    read: text,
    default: "/assets/blob/profile_pictures",
    description: "Address under which clients find profile pictures",
  },
  "is.end-device-picture.disable-upload": {
    read: boolean,
    default: "false",
    description: "Pictures of end devices cannot be uploaded",
  },
  "is.end-device-picture.bucket-url": {
    read: text,
    default: "/assets/blob/end_device_pictures",
    description: "Address under which clients find pictures of end devices",
  },
});
