//! Cluster files in, the core's model out.

#[cfg(test)]
mod buffers;
#[cfg(test)]
mod compat;
#[cfg(test)]
mod default_spread;
#[cfg(test)]
mod definitions;
#[cfg(test)]
mod expand;
#[cfg(test)]
mod fixture;
#[cfg(test)]
mod node_classes;
#[cfg(test)]
mod node_overlays;
mod node_pools;
#[cfg(test)]
mod nodes;
#[cfg(test)]
mod platform;
#[cfg(test)]
mod pods;
#[cfg(test)]
mod read;
#[cfg(test)]
mod requests;
#[cfg(test)]
mod round_trip;
#[cfg(test)]
mod rules;
#[cfg(test)]
mod volumes;
