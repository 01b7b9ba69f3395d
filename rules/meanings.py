"""What every key that authors write means, in a sentence: for editors (`schema.py`) and the manual (`manual/`)."""

from pydantic import BaseModel

from rules.clocks import LocalTime, PropertyDate, TraitDate
from rules.conditions import (
    All,
    AnyOf,
    Comparison,
    EventHappened,
    InJourney,
    LetterWas,
    Measure,
    Not,
    PropertyIs,
    SegmentIs,
    StageIs,
    Times,
    TopicIs,
    TraitIs,
)
from rules.coupon import Amount, Benefit, Coupon, FixedCode, Percent, Pool, Validity
from rules.journey import Goal, Journey
from rules.matches import EventMatch
from rules.policies import Cap, Lifecycle, Pacing, QuietHours, Stage
from rules.segment import Segment
from rules.steps import (
    Becomes,
    Branch,
    Call,
    Case,
    Change,
    Enrol,
    Exit,
    Holdout,
    Notify,
    Otherwise,
    Repeat,
    Rounds,
    Send,
    Set,
    Split,
    Step,
    Variant,
    Wait,
    WaitFor,
    WaitUntil,
    Webhook,
)
from rules.triggers import OnDate, OnEvent, OnRequest, OnSchedule, OnSegment

_ZONE = "The time zone, such as `Europe/Stockholm`; else the contact's, else the shop's."
_WHERE = "A condition about the event's own properties."
_SAME = "A property that the event shares with the one that began the run, such as `order_id`; `false` asks for none."
_TITLE = "A line for people."
_DATED = {
    "offset": "So long after that date, or (with a minus) before it: `2d`, `-3d`.",
    "time": "At this time of that day, where the contact lives.",
    "zone": _ZONE,
}

MEANINGS: dict[type[BaseModel], dict[str, str]] = {
    Journey: {
        "journey": "The name of the journey, which is also the name of its file.",
        "title": _TITLE,
        "class": "`marketing` needs consent, can be left, and keeps quiet hours and caps; `transactional` does not.",
        "topic": "What people subscribe to. Whoever leaves the topic leaves the journey.",
        "sender": "In whose name its letters go out, as the settings name the brand; without it `default`.",
        "trigger": "What starts the journey: one trigger, or a list of which any starts it.",
        "key": "One run per contact and per value of this property, such as `properties.order_id`.",
        "re_entry": "Whether a contact may come again: `never` (or left out), `always`, or `after 7d` since entering.",
        "exit_on": "Events that end the run at once, at any step. Unsubscribing ends marketing journeys anyway.",
        "goal": "What the journey is for. Reaching it is recorded, also after the run.",
        "limit": "Ends a run that long after it began, whatever it waits for.",
        "priority": "Of two journeys that want to write at once, the higher one does (1 to 100; without it 50).",
        "when_capped": "What becomes of a marketing letter over the cap: `defer` it until it may leave, or `skip` it.",
        "in_quiet_hours": "What becomes of a marketing letter in quiet hours: `defer` or `skip`.",
        "steps": "What happens, one step after the other.",
    },
    OnEvent: {
        "event": "The name of the event, or several names of which any counts.",
        "where": _WHERE,
        "late": "How old an event may be that arrives late or was imported. Without it: one hour.",
    },
    OnSegment: {
        "segment": "The name of the segment.",
        "on": "`entered` (the default) or `left`.",
    },
    OnDate: {
        "date": "The trait that holds the date, or the dates of a list: `birthday`, `children.birthday`.",
        **_DATED,
        "time": "At this time of that day, where the contact lives. Without it: 09:00.",
        "yearly": "Every year, not once. Needs `re_entry: always`.",
    },
    OnSchedule: {
        "schedule": "A line of cron: minute, hour, day, month, weekday. `0 9 * * mon` is Monday at nine.",
        "segment": "Who enters: everybody who is in this segment then.",
        "zone": "The time zone of the calendar; else the shop's.",
        "per_second": "How many people enter in a second at most (1 to 1000, without it 50).",
    },
    OnRequest: {"api": "Always `true`."},
    EventMatch: {
        "event": "The name of the event, or several names of which any counts.",
        "where": _WHERE,
        "same": _SAME,
    },
    Goal: {"within": "How long after entering it still counts."},
    Step: {"id": "A name for the step. Without it one is derived; steps are matched by it when a journey changes."},
    Send: {
        "send": "The letter: a folder of `templates/`.",
        "class": "The class of this letter, if it is not the journey's.",
        "topic": "The topic of this letter, if it is not the journey's.",
        "ttl": "After that long the letter is stale and is not sent. Without it: a day (marketing), else three.",
        "coupon": "The coupon of which the contact gets a code in this letter.",
    },
    Wait: {
        "wait": "How long.",
        "restart_on": "Events that begin the wait anew.",
    },
    WaitUntil: {"wait_until": "A time of day, or a date that stands in a trait or in the first event."},
    LocalTime: {
        "time": "The time of day, where the contact lives.",
        "weekday": "Only on these days: `mon` to `sun`.",
        "zone": _ZONE,
    },
    TraitDate: {"trait": "The trait that holds the date. When it changes, the wait changes.", **_DATED},
    PropertyDate: {"property": "The property of the first event that holds the date.", **_DATED},
    WaitFor: {
        "wait_for": "An event, a condition, or a list of which any one ends the wait.",
        "timeout": "How long at most. Without it: until the journey's `limit`, if there is one.",
        "otherwise": "Steps that come first when the time was over.",
    },
    Becomes: {"condition": "The wait ends when this is true, at once if it is true already."},
    Branch: {"branch": "The ways, asked from the first to the last; the first that holds is taken."},
    Case: {"when": "The condition of this way.", "then": "Its steps."},
    Otherwise: {"otherwise": "The steps when no condition held. Always the last way."},
    Split: {"split": "The ways, by their shares."},
    Variant: {
        "share": "How many of all shares take this way.",
        "name": "The name under which this way is measured.",
        "then": "Its steps.",
    },
    Holdout: {"holdout": "How many of all shares leave here, and are only measured."},
    Repeat: {"repeat": "The rounds."},
    Rounds: {
        "every": "How often a round begins; the first one begins at once.",
        "at_most": "How many rounds there are at most.",
        "until": "No other round begins once this holds.",
        "steps": "The steps of a round.",
    },
    Set: {"set": "What is set."},
    Change: {
        "traits": "Traits and their new values; `null` takes one away.",
        "topics": "Topics, and whether the contact is subscribed: `true` or `false`.",
    },
    Webhook: {
        "webhook": "The address, or the address with what is told to it.",
        "ttl": "After that long it is not tried any more. Without it: three days.",
    },
    Call: {
        "url": "The address. It must be reachable from outside; private addresses are refused.",
        "traits": "Traits of the contact that are told.",
        "properties": "Properties of the first event that are told.",
    },
    Notify: {
        "notify": "Who of the shop's staff, by the name that the settings give an address.",
        "letter": "The letter: a folder of `templates/`.",
        "ttl": "After that long the letter is stale and is not sent. Without it: three days.",
    },
    Enrol: {"enrol": "The journey. One of its triggers must be `api: true`."},
    Exit: {"exit": "Why, in a few words. The reason stands in the reports."},
    All: {"all": "The conditions, every one of which must hold."},
    AnyOf: {"any": "The conditions, at least one of which must hold."},
    Not: {"not": "The condition that must not hold."},
    Comparison: {
        "is": 'Equal, and of the same type: `5` is not `"5"`.',
        "in": "Equal to one of a list.",
        "gt": "Greater than this number.",
        "gte": "Greater than this number, or equal.",
        "lt": "Less than this number.",
        "lte": "Less than this number, or equal.",
        "contains": "A text with this in it, or a list with this among its entries.",
        "starts_with": "A text that begins like this.",
        "matches": "A text in which this pattern is found.",
        "exists": "`true`: there is a value, whichever. `false`: there is none.",
        "before": "A date before this one: `2026-12-24`, `30d ago`, `in 7d`, `now`.",
        "after": "A date after this one.",
    },
    TraitIs: {"trait": "The trait; dots reach into nested objects, as in `address.city`."},
    PropertyIs: {"property": "The property; dots reach into nested objects, as in `shipping.city`."},
    EventHappened: {
        "event": "The name of the event.",
        "where": _WHERE,
        "same": _SAME,
        "times": "How often; without it (and without figures) at least once.",
        "within": "Only the events of the last while (`30d`), or since the run began (`enrolment`).",
        "after": "Only events after this moment.",
        "before": "Only events before this moment.",
        "sum": "The sum of a property, compared. Of no events it is 0.",
        "avg": "The average of a property, compared.",
        "min": "The least value of a property, compared.",
        "max": "The greatest value of a property, compared.",
        "first": "The first value of a property, compared.",
        "last": "The latest value of a property, compared.",
    },
    Times: {
        "at_least": "So often or oftener.",
        "at_most": "So often or less; `0` means never.",
        "exactly": "Just so often.",
    },
    Measure: {"property": "The property of the events that the figure is made of."},
    SegmentIs: {"segment": "The name of the segment."},
    TopicIs: {"topic": "The topic.", "subscribed": "`false` asks for those who are not subscribed."},
    StageIs: {"stage": "The stage, or several of which any counts."},
    InJourney: {
        "in_journey": "The name of the journey.",
        "ever": "`true`: now or at any time before.",
        "within": "Entered it within this while.",
    },
    LetterWas: {
        "letter": "The name of the letter.",
        "was": "`received` (the default), `opened` or `clicked`.",
        "times": "How often; without it at least once.",
        "within": "Only within this while.",
    },
    Segment: {
        "segment": "The name of the segment, which is also the name of its file.",
        "title": _TITLE,
        "when": "Who is in it.",
    },
    Lifecycle: {"stages": "The stages. A contact is at the first one whose condition holds."},
    Stage: {
        "stage": "The name of the stage.",
        "title": _TITLE,
        "when": "Who is at it. Only the last stage has none: it is for everybody else.",
    },
    Pacing: {
        "quiet_hours": "Hours in which no marketing letter leaves.",
        "caps": "How many marketing letters a contact gets at most.",
    },
    QuietHours: {
        "from": "When it becomes quiet, where the contact lives.",
        "to": "When letters leave again. May be on the next day.",
        "weekday": "Only on these days; else on all.",
    },
    Cap: {
        "at_most": "So many letters.",
        "per": "In any such while, as `7d`.",
        "class": "Always `marketing`; other letters are not capped.",
        "topic": "Only letters of this topic.",
    },
    Coupon: {
        "coupon": "The name of the coupon, which is also the name of its file.",
        "title": _TITLE,
        "codes": "One code for everybody, or a pool of codes that are each given once.",
        "value": "What it is worth.",
        "conditions": "In words, for the letter: what it does not hold for.",
        "valid": "Until when.",
    },
    FixedCode: {"code": "The code."},
    Pool: {
        "pool": "`generated` here, or `uploaded` by the shop.",
        "prefix": "What every generated code begins with.",
        "length": "How many characters follow the prefix (6 to 20, without it 8).",
        "generate": "How many codes are kept ready (without it 1000).",
        "warn_below": "Operators are told when fewer are left (without it 100).",
    },
    Percent: {"percent": "So much per cent off."},
    Amount: {"amount": "So much money off.", "currency": "In this currency, such as `SEK`."},
    Benefit: {"benefit": "Something else, in words, such as `free shipping`."},
    Validity: {"until": "Until this date.", "for": "So long from the first letter that shows the code."},
}


def meanings(form: type[BaseModel]) -> dict[str, str]:
    """What each key of a form means, in the order in which the form has them; what it takes over from others too."""
    known = {
        key: text
        for each in reversed(form.__mro__)
        if issubclass(each, BaseModel)
        for key, text in MEANINGS.get(each, {}).items()
    }
    keys = [field.alias or name for name, field in form.model_fields.items()]
    return {key: known[key] for key in keys}
