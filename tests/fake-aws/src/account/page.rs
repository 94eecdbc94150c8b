//! Answers in pages.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::error::AwsError;

/// A part of a list, and where the next one begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T> {
    /// The part.
    pub items: Vec<T>,
    /// Asks for the next part; without one, this is the last.
    pub next_token: Option<String>,
}

/// How answers are cut into pages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Paging {
    /// As the caller asks, within the limits of the call.
    #[default]
    AsAsked,
    /// No page is longer than this, as AWS may decide on its own.
    AtMost(usize),
    /// The first page is empty and has a token, which AWS may also do.
    EmptyFirst,
}

/// Which page is asked for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wanted<'a> {
    /// Most items, as the caller says.
    pub(crate) max_results: Option<usize>,
    /// The token of the page before.
    pub(crate) next_token: Option<&'a str>,
    /// Most items that the call ever gives.
    pub(crate) limit: usize,
}

impl Wanted<'_> {
    /// The key after which the page begins.
    pub(crate) fn after(&self) -> Result<Option<String>, AwsError> {
        self.next_token.map(decode).transpose()
    }
}

/// The page of a list whose items have different keys, in order of the keys.
pub(crate) fn page<T>(
    items: Vec<T>,
    key: impl Fn(&T) -> String,
    wanted: Wanted<'_>,
    paging: Paging,
) -> Result<Page<T>, AwsError> {
    let after = wanted.after()?;
    if after.is_none() && paging == Paging::EmptyFirst {
        return Ok(Page { items: Vec::new(), next_token: Some(encode("")) });
    }
    let mut size = wanted.max_results.unwrap_or(wanted.limit).min(wanted.limit);
    if size == 0 {
        return Err(AwsError::invalid("Value ( 0 ) for parameter maxResults is invalid"));
    }
    if let Paging::AtMost(most) = paging {
        size = size.min(most.max(1));
    }
    let mut keyed: Vec<(String, T)> = items.into_iter().map(|item| (key(&item), item)).collect();
    keyed.sort_by(|(one, _), (other, _)| one.cmp(other));
    if let Some(after) = &after {
        keyed.retain(|(key, _)| key > after);
    }
    let more = keyed.len() > size;
    keyed.truncate(size);
    let next_token = keyed.last().filter(|_| more).map(|(key, _)| encode(key));
    Ok(Page { items: keyed.into_iter().map(|(_, item)| item).collect(), next_token })
}

// Tokens name the last key and not a position, so that no item is left out when others go away
// between two pages. Their text is nobody's business but ours.
fn encode(key: &str) -> String {
    STANDARD.encode(format!("after {key}"))
}

fn decode(token: &str) -> Result<String, AwsError> {
    let bytes = STANDARD.decode(token).ok();
    let text = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
    let key = text.as_deref().and_then(|text| text.strip_prefix("after ")).map(str::to_owned);
    key.ok_or_else(|| AwsError::client("InvalidNextToken", "The token is not valid"))
}

#[cfg(test)]
mod tests {
    use super::{Page, Paging, Wanted, page};

    fn pages(max_results: Option<usize>, paging: Paging) -> Vec<Vec<u32>> {
        let mut pages = Vec::new();
        let mut token = None;
        loop {
            let wanted = Wanted { max_results, next_token: token.as_deref(), limit: 4 };
            let Page { items, next_token } =
                page(vec![3, 1, 2, 5, 4], u32::to_string, wanted, paging).unwrap();
            pages.push(items);
            token = next_token;
            if token.is_none() {
                return pages;
            }
        }
    }

    #[test]
    fn pages_are_as_long_as_asked_within_the_limit() {
        assert_eq!(pages(Some(2), Paging::AsAsked), [vec![1, 2], vec![3, 4], vec![5]]);
        assert_eq!(pages(Some(100), Paging::AsAsked), [vec![1, 2, 3, 4], vec![5]]);
        assert_eq!(pages(None, Paging::AtMost(3)), [vec![1, 2, 3], vec![4, 5]]);
    }

    #[test]
    fn the_first_page_may_be_empty() {
        assert_eq!(pages(Some(3), Paging::EmptyFirst), [vec![], vec![1, 2, 3], vec![4, 5]]);
    }

    #[test]
    fn a_foreign_token_is_refused() {
        let wanted = Wanted { max_results: None, next_token: Some("x"), limit: 4 };
        let refused = page(vec![1], u32::to_string, wanted, Paging::AsAsked).unwrap_err();
        assert_eq!(refused.code, "InvalidNextToken");
    }
}
