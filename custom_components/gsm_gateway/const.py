"""Names that are used in more than one file."""

from datetime import timedelta

DOMAIN = "gsm_gateway"

CONF_ALL_LINES = "all_lines"
CONF_ENTRY_ID = "entry_id"
CONF_FAMILY = "family"
CONF_IMEIS = "imeis"
CONF_LINE = "line"
CONF_LINES = "lines"
CONF_NOTIFY_NAME = "notify_name"
CONF_NUMBER = "number"
CONF_PATTERN = "pattern"
CONF_SCHEDULE = "schedule"
CONF_TIME = "time"
CONF_TRUSTED = "trusted"
CONF_UNIT = "unit"

# Options.
CONF_ALLOW_SET_IMEI = "allow_set_imei"
CONF_CHANNEL = "channel"
CONF_CHANNELS = "channels"
CONF_EXPIRES_AFTER = "expires_after"
CONF_HISTORY = "history"
CONF_JOIN_TEXTS = "join_texts"
CONF_LIMIT_DAY = "limit_day"
CONF_LIMIT_HOUR = "limit_hour"
CONF_LIMIT_MONTH = "limit_month"
CONF_NOTIFY_CONTACTS = "notify_contacts"
CONF_PASSWORDS = "passwords"
CONF_POLL_INTERVAL = "poll_interval"
CONF_PRIVATE = "private"
CONF_REPEAT_SEND = "repeat_send"
CONF_TEXTS_IN_STATES = "texts_in_states"
CONF_TIME_ZONE = "time_zone"

SUBENTRY_BALANCE_CHECK = "balance_check"
SUBENTRY_CONTACT = "contact"

EVENT_SMS_RECEIVED = f"{DOMAIN}_sms_received"
EVENT_SMS_STATUS = f"{DOMAIN}_sms_status"
EVENT_CALL = f"{DOMAIN}_call"
EVENT_USSD_RECEIVED = f"{DOMAIN}_ussd_received"
EVENT_COMMAND = f"{DOMAIN}_command"

DELAYED_AFTER = timedelta(minutes=5)
"""A text handed on later than this after it was sent, or came, is marked as delayed."""

DEFAULT_POLL_INTERVAL = 30.0
"""Seconds between two readings of the state of a box that has to be asked for it."""

MOST_HISTORY = 5000
"""How many texts the history of a box can keep at most."""
REFUSED_PAUSE = timedelta(minutes=15)
"""How long a box that refused our login when it was set up is left alone, lest it lock the account."""

WAIT_TIMEOUT = timedelta(seconds=60)
"""How long an action waits for its texts to be settled, unless told otherwise."""
