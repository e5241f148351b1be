import { defineErrors } from "../../errors/errors.ts";

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
const containsUserId = errors.invalidArgument(
  "password_contains_user_id",
  "password must not contain the user ID",
);
const commonPassword = errors.invalidArgument("common_password", "password is one of the most used ones");

export const passwordRules = {
  minLength: 8,
  maxLength: 1000,
  minUppercase: 1,
  minDigits: 1,
  minSpecial: 0,
} as const;

/** What satisfies the other rules and is still tried first by everyone who guesses. */
const common = new Set(
  `password1 password12 password123 passw0rd p@ssw0rd p@ssword1 qwerty123 qwertyui1 qwertyuiop1 welcome1 welcome123
  letmein1 letmein123 admin123 administrator1 changeme1 changeme123 iloveyou1 sunshine1 princess1 football1
  baseball1 dragon123 monkey123 master123 superman1 batman123 trustno1 abc12345 abcd1234 a1234567 a12345678
  aa123456 1q2w3e4r 1qaz2wsx 1q2w3e4r5t zaq12wsx starwars1 whatever1 computer1 michael1 jennifer1 jordan23
  liverpool1 chelsea1 internet1 test1234 test12345 user1234 pass1234 root1234 summer2024 winter2024 lorawan1
  lorawan123 thethings1`.split(/\s+/),
);

export function checkPassword(password: string, userId: string): void {
  if (password.length < passwordRules.minLength) throw minimumLength({ n: passwordRules.minLength });
  if (password.length > passwordRules.maxLength) throw maximumLength({ n: passwordRules.maxLength });
  if (!/\p{Lu}/u.test(password)) throw uppercase({ n: passwordRules.minUppercase });
  if (!/\d/.test(password)) throw digits({ n: passwordRules.minDigits });
  if (password.toLowerCase().includes(userId.toLowerCase())) throw containsUserId();
  if (common.has(password.toLowerCase())) throw commonPassword();
}
