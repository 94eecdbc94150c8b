//! MIME archives as cloud-init reads them: multipart, text parts, nothing encoded.
//!
//! Written here because a mail library would decode parts, which must stay as they are.

use super::UserDataError;

/// The line between parts of what we write.
const BOUNDARY: &str = "//";
/// Type of a shell script.
pub(super) const SHELL: &str = "text/x-shellscript; charset=\"us-ascii\"";

/// A part of an archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) content_type: String,
    pub(super) body: String,
}

impl Part {
    pub(super) fn new(content_type: impl Into<String>, body: impl Into<String>) -> Self {
        Self { content_type: content_type.into(), body: body.into() }
    }
}

/// Whether a text begins as an archive does.
pub(super) fn is_archive(text: &str) -> bool {
    text.starts_with("MIME-Version:") || text.starts_with("Content-Type:")
}

/// The archive of these parts.
pub(super) fn write(parts: &[Part]) -> String {
    let mut text =
        format!("MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=\"{BOUNDARY}\"\n\n");
    for Part { content_type, body } in parts {
        text.extend(["--", BOUNDARY, "\nContent-Type: ", content_type, "\n\n"]);
        text.extend([body.trim_end_matches('\n'), "\n"]);
    }
    text + &format!("--{BOUNDARY}--\n")
}

/// The parts of an archive, each with nothing but its type.
pub(super) fn read(text: &str) -> Result<Vec<Part>, UserDataError> {
    let malformed = |problem| UserDataError::Mime { problem };
    let text = text.replace("\r\n", "\n");
    let (headers, body) =
        text.split_once("\n\n").ok_or(malformed("no empty line ends its headers"))?;
    let content_type =
        header(headers, "content-type")?.ok_or(malformed("it has no header Content-Type"))?;
    if !content_type.to_ascii_lowercase().starts_with("multipart/") {
        return Err(malformed("its Content-Type is not multipart"));
    }
    let boundary =
        boundary(&content_type).ok_or(malformed("its Content-Type names no boundary"))?;
    let parts = split(body, &boundary).ok_or(malformed("its last boundary is missing"))?;
    parts.iter().map(|part| read_part(part)).collect()
}

fn read_part(text: &str) -> Result<Part, UserDataError> {
    // Without headers a part begins with its empty line.
    let (headers, body) = text
        .strip_prefix('\n')
        .map(|body| ("", body))
        .or_else(|| text.split_once("\n\n"))
        .ok_or(UserDataError::Mime { problem: "no empty line ends the headers of a part" })?;
    let content_type = header(headers, "content-type")?.unwrap_or_else(|| "text/plain".to_owned());
    Ok(Part::new(content_type, body))
}

/// The value of a header, continued lines joined.
fn header(headers: &str, name: &str) -> Result<Option<String>, UserDataError> {
    let mut found: Option<String> = None;
    let mut is_wanted = false;
    for line in headers.lines() {
        if line.starts_with([' ', '\t']) {
            if let Some(value) = found.as_mut().filter(|_| is_wanted) {
                value.push(' ');
                value.push_str(line.trim());
            }
            continue;
        }
        let (key, value) =
            line.split_once(':').ok_or(UserDataError::Mime { problem: "a header has no colon" })?;
        is_wanted = key.trim().eq_ignore_ascii_case(name);
        if is_wanted {
            found = Some(value.trim().to_owned());
        }
    }
    Ok(found)
}

fn boundary(content_type: &str) -> Option<String> {
    let parameters = content_type.split(';').skip(1);
    let mut pairs = parameters.filter_map(|parameter| parameter.trim().split_once('='));
    let (_, value) = pairs.find(|(name, _)| name.trim().eq_ignore_ascii_case("boundary"))?;
    let value = value.trim().trim_matches('"');
    (!value.is_empty()).then(|| value.to_owned())
}

/// What is between the boundaries; `None` if the last one is missing.
fn split(body: &str, boundary: &str) -> Option<Vec<String>> {
    let (next, last) = (format!("--{boundary}"), format!("--{boundary}--"));
    let mut parts: Vec<String> = Vec::new();
    // What comes before the first boundary is for readers that know no MIME.
    let mut part: Option<Vec<&str>> = None;
    for line in body.lines() {
        let is_last = line.trim_end() == last;
        if is_last || line.trim_end() == next {
            parts.extend(part.take().map(|lines| lines.join("\n")));
            if is_last {
                return Some(parts);
            }
            part = Some(Vec::new());
        } else if let Some(lines) = &mut part {
            lines.push(line);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const ARCHIVE: &str = "MIME-Version: 1.0\r\nContent-Type: multipart/mixed;\r\n boundary=\"==B==\"\r\n\r\npreamble\r\n--==B==\r\nContent-Type: text/x-shellscript\r\nContent-Disposition: attachment\r\n\r\n#!/bin/bash\r\necho one\r\n\r\n--==B==\r\n\r\nplain\r\n--==B==--\r\n";

    fn problem(text: &str) -> String {
        read(text).unwrap_err().to_string()
    }

    #[test]
    fn parts_keep_their_type_and_body() {
        let expected = [
            Part::new("text/x-shellscript", "#!/bin/bash\necho one\n"),
            Part::new("text/plain", "plain"),
        ];
        assert_eq!(read(ARCHIVE).unwrap(), expected);
    }

    #[test]
    fn what_is_written_can_be_read() {
        let parts = [Part::new(SHELL, "#!/bin/bash\n\necho"), Part::new("a/b", "c: d")];
        let text = write(&parts);
        assert!(!text.contains('\r'));
        assert_eq!(read(&text).unwrap(), parts);
    }

    #[test]
    fn a_malformed_archive_is_refused_with_the_reason() {
        let prefix = "spec.userData is a malformed MIME archive: ";
        let cases = [
            ("MIME-Version: 1.0", "no empty line ends its headers"),
            ("MIME-Version: 1.0\n\n", "it has no header Content-Type"),
            ("MIME-Version 1.0\n\n", "a header has no colon"),
            ("Content-Type: text/plain\n\nx", "its Content-Type is not multipart"),
            ("Content-Type: multipart/mixed\n\nx", "its Content-Type names no boundary"),
            (
                "Content-Type: multipart/mixed; boundary=\"a\"\n\n--a\n\nx",
                "its last boundary is missing",
            ),
        ];
        for (text, expected) in cases {
            assert_eq!(problem(text), format!("{prefix}{expected}"));
        }
    }
}
