import type { OptionValues } from "../../config/option.ts";
import { defineErrors } from "../../errors/errors.ts";
import type { registrationOptions } from "./config.ts";

const errors = defineErrors("pkg/identityserver");
const minimumLength = errors.invalidArgument(
  "password_strength_min_length",
  "password must have at least `{n}` characters",
);
const maximumLength = errors.invalidArgument(
  "password_strength_max_length",
  "password must have at most `{n}` characters",
);
const uppercase = errors.invalidArgument(
  "password_strength_uppercase",
  "password must have at least `{n}` upper-case letters",
);
const digits = errors.invalidArgument("password_strength_digits", "password must have at least `{n}` digits");
const special = errors.invalidArgument(
  "password_strength_special",
  "password must have at least `{n}` characters that are neither letters nor digits",
);
const containsUserId = errors.invalidArgument(
  "password_contains_user_id",
  "password must not contain the user ID",
);
const commonPassword = errors.invalidArgument("common_password", "password is one of the most used ones");

export interface PasswordRequirements {
  readonly minLength: number;
  readonly maxLength: number;
  readonly minUppercase: number;
  readonly minDigits: number;
  readonly minSpecial: number;
  readonly rejectUserId: boolean;
  readonly rejectCommon: boolean;
}

export function passwordRequirements(
  options: OptionValues<typeof registrationOptions>,
): PasswordRequirements {
  return {
    minLength: options["is.user-registration.password-requirements.min-length"],
    maxLength: options["is.user-registration.password-requirements.max-length"],
    minUppercase: options["is.user-registration.password-requirements.min-uppercase"],
    minDigits: options["is.user-registration.password-requirements.min-digits"],
    minSpecial: options["is.user-registration.password-requirements.min-special"],
    rejectUserId: options["is.user-registration.password-requirements.reject-user-id"],
    rejectCommon: options["is.user-registration.password-requirements.reject-common"],
  };
}

/** What satisfies the other rules and is still tried first by everyone who guesses. */
const common = new Set(
  `password1 password12 password123 passw0rd p@ssw0rd p@ssword1 qwerty123 qwertyui1 qwertyuiop1 welcome1 welcome123
  letmein1 letmein123 admin123 administrator1 changeme1 changeme123 iloveyou1 sunshine1 princess1 football1
  baseball1 dragon123 monkey123 master123 superman1 batman123 trustno1 abc12345 abcd1234 a1234567 a12345678
  aa123456 1q2w3e4r 1qaz2wsx 1q2w3e4r5t zaq12wsx starwars1 whatever1 computer1 michael1 jennifer1 jordan23
  liverpool1 chelsea1 internet1 test1234 test12345 user1234 pass1234 root1234 summer2024 winter2024 lorawan1
  lorawan123 thethings1 skylark1 skylark123`.split(/\s+/),
);

function count(text: string, pattern: RegExp): number {
  return text.match(pattern)?.length ?? 0;
}

/** Throws the first rule that a new password breaks. */
export function checkPassword(password: string, userId: string, rules: PasswordRequirements): void {
  if (password.length < rules.minLength) throw minimumLength({ n: rules.minLength });
  if (password.length > rules.maxLength) throw maximumLength({ n: rules.maxLength });
  if (count(password, /\p{Lu}/gu) < rules.minUppercase) throw uppercase({ n: rules.minUppercase });
  if (count(password, /\p{Nd}/gu) < rules.minDigits) throw digits({ n: rules.minDigits });
  if (count(password, /[^\p{L}\p{N}]/gu) < rules.minSpecial) throw special({ n: rules.minSpecial });
  const lowered = password.toLowerCase();
  if (rules.rejectUserId && lowered.includes(userId.toLowerCase())) throw containsUserId();
  if (rules.rejectCommon && common.has(lowered)) throw commonPassword();
}
