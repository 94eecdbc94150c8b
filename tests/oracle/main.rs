//! Plans for small random clusters against their exact optimum, which an integer program over all
//! fillings of a node finds (`good_lp`). Nothing here is shared with the engine.

mod answer;
mod draw;
mod instance;
mod program;
mod room;
