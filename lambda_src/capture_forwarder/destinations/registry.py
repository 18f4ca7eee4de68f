"""The kinds of destinations. No other file names them all.

To add a destination, add its settings here; `docs/adding-a-destination.md` has an example.
"""

from capture_forwarder.destinations.arthur.settings import ArthurSettings
from capture_forwarder.destinations.arthur_raw.settings import ArthurRawSettings
from capture_forwarder.destinations.webhook.settings import WebhookSettings

# A `[[destination]]` is decoded as the settings that have its `kind`. `connecting` finds the adapter beside them.
DestinationSettings = ArthurSettings | ArthurRawSettings | WebhookSettings
