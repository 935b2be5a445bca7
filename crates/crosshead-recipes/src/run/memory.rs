//! The memory of this process, as Linux reports it.

use std::fs;

/// Control groups that limit the memory of processes, versions 2 and 1. A process in a container sees its own group here.
const LIMITS: [&str; 2] =
    ["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"];

/// The bytes that this process may use: what it uses already and what is available, within the limit of its control group.
/// `None` on other systems than Linux.
pub(super) fn limit() -> Option<u64> {
    let available = kilobytes("/proc/meminfo", "MemAvailable:")?;
    let used = kilobytes("/proc/self/status", "VmRSS:")?;
    let groups =
        LIMITS.iter().filter_map(|path| fs::read_to_string(path).ok()?.trim().parse().ok());
    groups.chain([available + used]).min()
}

/// The largest number of bytes that this process used while `f` ran. `None` on other systems than Linux.
pub(super) fn peak(f: impl FnOnce()) -> Option<u64> {
    // "5" resets the peak to the current use.
    fs::write("/proc/self/clear_refs", "5").ok()?;
    f();
    kilobytes("/proc/self/status", "VmHWM:")
}

/// The value of a line `KEY NUMBER kB`, in bytes.
fn kilobytes(path: &str, key: &str) -> Option<u64> {
    let text = fs::read_to_string(path).ok()?;
    let value = text.lines().find_map(|line| line.strip_prefix(key))?;
    let kilobytes: u64 = value.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kilobytes * 1024)
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn the_peak_contains_an_allocation_that_is_freed() {
        const SIZE: usize = 64 << 20;
        let nothing = peak(|| {}).unwrap();
        let filled = peak(|| drop(std::hint::black_box(vec![1_u8; SIZE]))).unwrap();
        assert!(filled >= nothing + SIZE as u64 * 9 / 10, "{nothing} {filled}");
        assert!(filled < limit().unwrap());
    }
}
