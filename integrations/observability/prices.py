"""Prices of AWS in one region, in dollars without free tiers, as of `DATED`. Other regions differ.

Sources: https://aws.amazon.com/cloudwatch/pricing/, https://aws.amazon.com/firehose/pricing/ and
https://aws.amazon.com/cloudtrail/pricing/. Events that AWS services send to EventBridge are free.
"""

from enum import Enum

from msgspec import Struct

DATED = "2026-11"
REGION = "us-east-1"


class Price(Struct, frozen=True):
    """Dollars for `per` of the units."""

    dollars: float
    unit: str
    per: int = 1

    @property
    def text(self) -> str:
        """The price in words, such as "$0.50 for a GB of logs written"."""
        amount = f"{self.dollars:.2f}" if round(self.dollars, 2) == self.dollars else f"{self.dollars:g}"
        return f"${amount} for {f'{self.per:,}' if self.per > 1 else 'each'} {self.unit}"


class Priced(Enum):
    """The priced things. The first four are billed by the month, the others by volume."""

    DASHBOARD = Price(3.00, "dashboard")
    ALARM = Price(0.10, "metric of an alarm")
    COMPOSITE_ALARM = Price(0.50, "composite alarm")
    METRIC = Price(0.30, "custom metric")
    # An alarm with a query of Metrics Insights is billed for each metric that the query reads.
    QUERIED_SERIES = Price(0.10, "series that the query of an alarm reads")
    STREAMED_UPDATE = Price(0.003, "updates of streamed metrics", per=1000)
    LOG_WRITTEN = Price(0.50, "GB of logs written")
    LOG_STORED = Price(0.03, "GB of logs stored, compressed")
    LOG_READ = Price(0.005, "GB of logs that queries read")
    # Firehose counts each record as a multiple of 5 kB.
    FIREHOSE = Price(0.029, "GB through Firehose")
    # The first copy of management events is free.
    DATA_EVENT = Price(0.10, "data events of a trail", per=100_000)
    SECOND_TRAIL = Price(2.00, "management events of a second trail", per=100_000)
