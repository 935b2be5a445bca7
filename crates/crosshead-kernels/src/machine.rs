//! The CPU that operations run on.

use std::fmt;
use std::{env, fs, thread};

/// Instruction sets that determine which kernels run, by their flags in `/proc/cpuinfo`.
const FLAGS: [&str; 7] =
    ["avx2", "fma", "avx_vnni", "avx512f", "avx512_vnni", "avx512_bf16", "amx_int8"];

/// A description of the machine, for benchmarks and bug reports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Machine {
    /// Name, family and model of the CPU; on systems other than Linux only its architecture.
    pub cpu: String,
    /// The instruction sets relevant to the kernels, by their names in Linux; empty on other systems.
    pub instruction_sets: Vec<&'static str>,
    /// The number of threads that this process may use at the same time.
    pub threads: usize,
}

impl Machine {
    /// Describes this machine.
    pub fn detect() -> Self {
        let cpuinfo = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let threads = thread::available_parallelism().map_or(1, usize::from);
        Self { cpu: name(&cpuinfo), instruction_sets: instruction_sets(&cpuinfo), threads }
    }
}

impl fmt::Display for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { cpu, instruction_sets, threads } = self;
        write!(f, "{cpu}; {}; {threads} threads", instruction_sets.join(" "))
    }
}

/// The name of the first processor, with its family and model.
fn name(cpuinfo: &str) -> String {
    let Some(name) = value(cpuinfo, "model name") else {
        return format!("unknown {} CPU", env::consts::ARCH);
    };
    match (value(cpuinfo, "cpu family"), value(cpuinfo, "model")) {
        (Some(family), Some(model)) => format!("{name} (family {family}, model {model})"),
        _ => name.to_owned(),
    }
}

/// The flags of the first processor that are in [`FLAGS`].
fn instruction_sets(cpuinfo: &str) -> Vec<&'static str> {
    let flags: Vec<&str> = value(cpuinfo, "flags").unwrap_or("").split_whitespace().collect();
    FLAGS.into_iter().filter(|flag| flags.contains(flag)).collect()
}

/// The first value of a key.
fn value<'a>(cpuinfo: &'a str, key: &str) -> Option<&'a str> {
    let mut fields = cpuinfo.lines().filter_map(|line| line.split_once(':'));
    fields.find(|(name, _)| name.trim() == key).map(|(_, value)| value.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn name_model_and_known_flags_are_reported() {
        let cpuinfo = "processor\t: 0\ncpu family\t: 6\nmodel\t\t: 207\nmodel name\t: Intel(R) Xeon(R) Processor\n\
                       flags\t\t: fpu avx2 avx512f avx512_vnni\n\nprocessor\t: 1\nmodel name\t: other\n";
        assert_eq!(name(cpuinfo), "Intel(R) Xeon(R) Processor (family 6, model 207)");
        assert_eq!(instruction_sets(cpuinfo), ["avx2", "avx512f", "avx512_vnni"]);
    }

    #[test]
    fn a_file_without_a_name_is_an_unknown_cpu() {
        assert!(name("processor\t: 0\n").starts_with("unknown "));
        assert!(instruction_sets("").is_empty());
    }
}
