"""Names that are used in more than one file."""

from datetime import timedelta

DOMAIN = "gsm_gateway"
NAME = "GSM Gateway"

CONF_FAMILY = "family"
CONF_LINES = "lines"
CONF_NOTIFY_NAME = "notify_name"
CONF_NUMBER = "number"
CONF_TRUSTED = "trusted"

SUBENTRY_CONTACT = "contact"

EVENT_SMS_RECEIVED = f"{DOMAIN}_sms_received"
EVENT_SMS_STATUS = f"{DOMAIN}_sms_status"
EVENT_CALL = f"{DOMAIN}_call"
EVENT_USSD_RECEIVED = f"{DOMAIN}_ussd_received"

DELAYED_AFTER = timedelta(minutes=5)
"""A text handed on later than this after it came is marked as delayed."""

WAIT_TIMEOUT = timedelta(seconds=60)
"""How long an action waits for its texts to be settled, unless told otherwise."""
