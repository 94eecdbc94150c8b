//! Builds the control plane if it is not there yet, so that tests find it.

fn main() -> anyhow::Result<()> {
    plimsoll_control_plane::plane_binary().map(drop)
}
