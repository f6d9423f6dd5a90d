"""Examples of accounts, sessions, notifications, mails and the audit log."""

from bms.openapi.examples.form import Example, Examples
from bms.schemas import accounts, notifications, sessions
from bms.schemas.answers import accounts as account_answers
from bms.schemas.answers import audit as audit_answers
from bms.schemas.answers import mails as mail_answers
from bms.schemas.answers import notifications as notification_answers
from bms.schemas.answers import sessions as session_answers

_USER: Example = {
    "id": 5,
    "email": "ann@example.com",
    "name": "Ann",
    "username": "ann",
    "role": "USER",
    "created_at": "2027-06-01T10:15:20.417Z",
}
_PROFILE: Example = {**_USER, "phone": "+31 10 123 4567", "city": "Rotterdam", "bio": None, "locale": "nl"}
_PROFILE |= {"email_confirmed": True, "second_factor": False}
_LINK_TOKEN = "Zk3vXw8Jm0pQ5tYb2nRc7sLd9fGh1aKe4uWi6oPx0yE"  # noqa: S105
_NOTIFICATION: Example = {
    "id": 1,
    "user": 5,
    "kind": "booking_confirmed",
    "message": "Your booking 2FKAN2P41Q is confirmed.",
    "event": 1,
    "booking": 1,
    "date": "2027-06-01T10:16:02.500Z",
    "created_at": "2027-06-01T10:16:02.500Z",
    "read_at": None,
}

REQUESTS: Examples = {
    accounts.Register: {
        "email": "ann@example.com",
        "name": "Ann",
        "username": "ann",
        "password": "correct horse",
    },
    sessions.Login: {"username": "ann", "password": "correct horse"},
    sessions.Refresh: {"refresh_token": "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.e30.c2ln"},
    sessions.Logout: {"refresh_token": "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.e30.c2ln"},
    accounts.ProfileReplacement: {
        "name": "Ann",
        "phone": "+31 10 123 4567",
        "city": "Rotterdam",
        "bio": None,
        "locale": "nl",
    },
    accounts.ProfileChange: {"city": "Rotterdam"},
    accounts.AccountChange: {"role": "EVENT_MANAGER"},
    accounts.PasswordChange: {"current_password": "correct horse", "new_password": "battery staple"},
    accounts.AddressConfirmation: {"token": _LINK_TOKEN},
    accounts.AddressChange: {"email": "ann@example.org", "password": "correct horse"},
    accounts.PasswordForgotten: {"email": "ann@example.com"},
    accounts.PasswordReset: {"token": _LINK_TOKEN, "password": "battery staple"},
    accounts.SecondFactorBegin: {"password": "correct horse"},
    accounts.SecondFactorConfirmation: {"code": "123456"},
    accounts.SecondFactorRemoval: {"password": "correct horse", "code": "123456"},
    notifications.Notification: {"event": 1, "message": "Doors open at seven."},
}

ANSWERS: Examples = {
    account_answers.UserAnswer: _USER,
    account_answers.ProfileAnswer: _PROFILE,
    session_answers.TokensAnswer: {
        "access_token": "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.e30.c2ln",
        "refresh_token": "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.e30.c2ln",
        "token_type": "Bearer",
        "expires_in": 86400,
        "access": "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.e30.c2ln",
        "refresh": "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.e30.c2ln",
        "user": _USER,
    },
    account_answers.LinkSentAnswer: {"email": "ann@example.org"},
    account_answers.SecondFactorAnswer: {
        "secret": "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP",
        "uri": "otpauth://totp/BMS:ann?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=BMS",
    },
    account_answers.RecoveryCodesAnswer: {"recovery_codes": ["7KQ2M-XW4RT", "H9DPC-3VNZA"]},
    session_answers.SessionAnswer: {
        "id": 7,
        "device": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
        "address": "203.0.113.5",
        "created_at": "2027-06-01T10:15:20.417Z",
        "last_used_at": "2027-06-02T08:00:00Z",
        "current": True,
    },
    account_answers.AccountAnswer: {**_PROFILE, "is_active": True},
    account_answers.ChangedAccountAnswer: {
        **_PROFILE,
        "role": "EVENT_MANAGER",
        "is_active": False,
        "events_off_sale": [
            {
                "id": 1,
                "title": "Night of the Cellos",
                "status": "PUBLISHED",
                "starts_at": "2099-08-01T19:30:00Z",
            }
        ],
    },
    mail_answers.MailAnswer: {
        "id": 1,
        "kind": "booking_confirmed",
        "recipient": "ann@example.com",
        "state": "DEAD",
        "attempts": 60,
        "last_error": "452 mailbox full",
        "booking_reference": "7QK2M9XA4T",
        "created_at": "2027-06-02T09:00:00Z",
        "due_at": "2027-06-04T11:30:00Z",
        "sent_at": None,
    },
    audit_answers.AuditAnswer: {
        "id": 1,
        "created_at": "2027-06-02T09:00:00Z",
        "user": 5,
        "user_name": "Ann",
        "action": "hold",
        "subject": "booking",
        "subject_id": 1,
        "request_id": "5110c106c18f-3f",
        "details": None,
    },
    notification_answers.NotificationAnswer: _NOTIFICATION,
    notification_answers.MessageAnswer: {"event": 1, "message": "Doors open at seven.", "recipients": 2},
}
