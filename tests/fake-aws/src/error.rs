//! How a call goes wrong.

/// What AWS answers when it refuses a call.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {message}")]
pub struct AwsError {
    /// The code by which clients tell errors apart.
    pub code: String,
    /// For people.
    pub message: String,
    /// HTTP status.
    pub status: u16,
}

impl AwsError {
    /// The caller's fault.
    pub fn client(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self { code: code.into(), message: message.into(), status: 400 }
    }

    /// The same with another HTTP status.
    #[must_use]
    pub fn with_status(self, status: u16) -> Self {
        Self { status, ..self }
    }

    /// A parameter has a value that the service does not take.
    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self::client("InvalidParameterValue", message)
    }

    /// What a dry run answers when the call itself would have worked.
    pub(crate) fn dry_run() -> Self {
        let message = "Request would have succeeded, but DryRun flag is set.";
        Self::client("DryRunOperation", message).with_status(412)
    }

    /// Too many calls.
    pub(crate) fn throttled() -> Self {
        Self::client("RequestLimitExceeded", "Request limit exceeded.").with_status(503)
    }

    /// The service's own fault.
    pub(crate) fn internal() -> Self {
        Self::client("InternalError", "An internal error has occurred").with_status(500)
    }
}

/// How a call ends if not with its answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// The service says no.
    #[error(transparent)]
    Refused(#[from] AwsError),
    /// Something between caller and service answers in its place, with a page for people.
    #[error("a proxy answers with a page that is not of the service")]
    Garbled,
    /// The work may have been done, and the answer never arrives.
    #[error("the answer is lost")]
    AnswerLost,
}
