"""Why feedback is not taken.

FeedbackError
├── FeedbackForged       no signature, a wrong one, or one that is too old
├── FeedbackDisowned     mail to an address that looks like one of ours, and was not made here
└── FeedbackUnreadable   it is genuine, and not of the form that its sender documents
"""


class FeedbackError(Exception):
    """Feedback that is not taken. The words quote nothing of what was sent."""


class FeedbackForged(FeedbackError):
    """Nobody whom we trust has sent this, or not now."""


class FeedbackDisowned(FeedbackError):
    """Whoever hands it on is trusted; whoever wrote it made up an address of ours."""


class FeedbackUnreadable(FeedbackError):
    """Its sender is trusted, its form is not the one agreed on."""
