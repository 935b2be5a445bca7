//! The CPU that a benchmark ran on.

use std::{env, fs, thread};

/// Instruction sets that determine which kernels run, by their flags in `/proc/cpuinfo`.
const FLAGS: [&str; 7] =
    ["avx2", "fma", "avx_vnni", "avx512f", "avx512_vnni", "avx512_bf16", "amx_int8"];

/// One line: the CPU's name, its instruction sets and the number of threads.
pub(crate) fn describe() -> String {
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let cpu = fs::read_to_string("/proc/cpuinfo").map(|text| parse(&text)).unwrap_or_default();
    let cpu = cpu.unwrap_or_else(|| format!("unknown {} CPU", env::consts::ARCH));
    format!("{cpu}; {threads} threads")
}

/// The name, family and model of the first processor, and its flags that are listed in [`FLAGS`].
fn parse(cpuinfo: &str) -> Option<String> {
    let value = |key: &str| {
        let line =
            cpuinfo.lines().find(|line| line.split(':').next().unwrap_or("").trim() == key)?;
        line.split_once(':').map(|(_, value)| value.trim())
    };
    let name = value("model name")?;
    let flags: Vec<&str> = value("flags").unwrap_or("").split_whitespace().collect();
    let known: Vec<&str> = FLAGS.into_iter().filter(|flag| flags.contains(flag)).collect();
    let version = match (value("cpu family"), value("model")) {
        (Some(family), Some(model)) => format!(" (family {family}, model {model})"),
        _ => String::new(),
    };
    Some(format!("{name}{version}; {}", known.join(" ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn name_model_and_known_flags_are_reported() {
        let cpuinfo = "processor\t: 0\ncpu family\t: 6\nmodel\t\t: 207\nmodel name\t: Intel(R) Xeon(R) Processor\n\
                       flags\t\t: fpu avx2 avx512f avx512_vnni\n\nprocessor\t: 1\nmodel name\t: other\n";
        let expected = "Intel(R) Xeon(R) Processor (family 6, model 207); avx2 avx512f avx512_vnni";
        assert_eq!(parse(cpuinfo).as_deref(), Some(expected));
    }

    #[test]
    fn a_file_without_a_name_is_an_unknown_cpu() {
        assert_eq!(parse("processor\t: 0\n"), None);
    }
}
