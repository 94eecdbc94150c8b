//! What an `EC2NodeClass` asks for, as pure functions: answers of AWS in, decisions out.
//!
//! ```text
//! spec ──► queries (select, ami)  ──► AWS ──► answers ──► status (select, ami) ──► conditions
//! spec ──► hash ──► annotations of classes and claims
//! ```

mod hash;

pub use hash::{
    ClaimHash, HASH_ANNOTATION, HASH_VERSION, HASH_VERSION_ANNOTATION, HashAnnotations, hash,
    migrate,
};
