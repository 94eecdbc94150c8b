//! Column generation for the packing of identical pods into nodes that can be bought
//! (Gilmore & Gomory 1961, in several dimensions; `docs/packing.md` tells the whole story).
//!
//! A column is a pattern: how many pods of each item go on one node of a shape. The master program
//! ([`master`]) mixes the patterns that are known at least cost and prices every pod; a knapsack
//! for each shape ([`knapsack`]) looks for a pattern that is worth more than it costs at these
//! prices. What is found here in floats is a suggestion: patterns are checked in integers, and the
//! prices prove only what `verify` makes of them.

pub(crate) mod generate;
pub(crate) mod instance;
pub(crate) mod integer;
pub(crate) mod knapsack;
pub(crate) mod master;
pub(crate) mod rows;

pub(crate) use instance::{Instance, Item, Shape};
