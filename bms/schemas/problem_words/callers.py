"""Problems of who calls, and of what they may do."""

from collections.abc import Mapping

from bms import errors
from bms.errors import BMSError
from bms.schemas.problem_words.words import Words

CALLERS: Mapping[type[BMSError], Words] = {
    errors.Unauthenticated: Words(
        "The access token is missing, wrong or expired, or its session has ended.",
        "Get a new one by `POST /token/refresh`, or log in again. Send it as `Authorization: Bearer TOKEN`.",
    ),
    errors.InvalidCredentials: Words(
        "No account has this name or address and this password. Which of them is wrong is not told.",
        "Let the person type both again.",
    ),
    errors.OtpRequired: Words(
        "The password is right, and the account has a second factor.",
        "Ask for the code of the authenticator app, and log in again with it as `otp`.",
    ),
    errors.InvalidOtp: Words(
        "The code of the second factor is wrong, or was used before.",
        "Wait for the app's next code, or use a recovery code.",
    ),
    errors.InvalidSignature: Words(
        "The gateway's notice is not signed with the secret that it shares with the service, or is too old.",
        "Check BMS_GATEWAY_SECRET at both ends, and the clocks. Sign the raw body.",
    ),
    errors.InvalidRefreshToken: Words(
        "The refresh token has expired, was used before, or its session has ended. A token that comes a "
        "second time ends its session.",
        "Log in again. Keep the newest refresh token alone.",
    ),
    errors.Forbidden: Words(
        "The account's role does not allow this, or the thing belongs to somebody else.",
        "Use an account with the role that `detail` names, or the owner's.",
    ),
    errors.ForgedForm: Words(
        "A form of the site was not sent from one of its pages, or from one that is out of date.",
        "Open the page again and send its form. Programs use the API, which has no forms.",
    ),
    errors.EnrolSecondFactor: Words(
        "The account's role needs a second factor on this server, and the account has none.",
        "Set one up: `POST /profile/totp`, then `POST /profile/totp/confirm`.",
    ),
    errors.EmailNotConfirmed: Words(
        "The event sells to accounts with a confirmed e-mail address alone.",
        "Let the buyer open the link in the mail that `POST /email/resend` sends again.",
    ),
    errors.LinkInvalid: Words(
        "The link of a mail has expired, was used before, or is not one of ours.",
        "Have a new link mailed.",
    ),
    errors.TooManyAttempts: Words(
        "Too many wrong passwords, codes or declined cards came for this account or from this address.",
        "Wait as long as `Retry-After` says.",
    ),
    errors.TooManyRequests: Words(
        "The caller or the address makes more of these calls than a limit allows.",
        "Wait as long as `Retry-After` says. `RateLimit` and `RateLimit-Policy` tell what is left.",
    ),
    errors.AddressUnproved: Words(
        "Somebody is to be mailed in the caller's name, whose own account has no confirmed e-mail address.",
        "Open the link in the mail that `POST /email/resend` sends again, or add an address by "
        "`POST /profile/email`.",
    ),
    errors.EmailTaken: Words(
        "Another account has this e-mail address.",
        "Let the person log in, or reset the password.",
    ),
    errors.UsernameTaken: Words("Another account has this username.", "Choose another username."),
    errors.EventQuotaReached: Words(
        "The organiser has as many events to come as BMS_EVENTS_PER_MANAGER allows.",
        "Delete events that are not needed, or ask the operator for more.",
    ),
    errors.PictureQuotaReached: Words(
        "As many events of the organiser have a picture as may have one: 200.",
        "Take the pictures of past events away.",
    ),
}
