//! The fake account through its public face, and over HTTP.

#[cfg(test)]
mod faults;
#[cfg(test)]
mod fleet;
#[cfg(test)]
mod instances;
#[cfg(test)]
mod machines;
#[cfg(test)]
mod network;
#[cfg(test)]
mod profiles;
#[cfg(test)]
mod protocol;
#[cfg(test)]
mod queue;
#[cfg(test)]
mod scale;
#[cfg(test)]
mod stage;
#[cfg(test)]
mod templates;
