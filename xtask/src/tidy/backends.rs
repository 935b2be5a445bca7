//! Library crates do not enable a burn backend, so that programs can choose one.

use super::Finding;
use super::manifest::{Dependency, Feature, Manifest, Section};

/// Features of burn that compile a backend.
const BACKENDS: [&str; 11] = [
    "flex", "ndarray", "wgpu", "vulkan", "metal", "webgpu", "cuda", "rocm", "cpu", "tch", "remote",
];

/// Crates that choose a device and may enable backends.
const CHOOSERS: [&str; 2] = ["crosshead-cli", "crosshead-tests"];

/// Library crates that enable `flex` by default.
const FLEX_BY_DEFAULT: [&str; 1] = ["crosshead"];

/// Finds backends enabled by a library crate or by `[workspace.dependencies]`.
pub(super) fn check(manifest: &Manifest) -> Vec<Finding> {
    if CHOOSERS.contains(&manifest.name.as_str()) {
        return Vec::new();
    }
    let dependencies = manifest.dependencies.iter().flat_map(|dependency| {
        in_dependency(dependency).into_iter().map(|message| (dependency.line, message))
    });
    let features = manifest.features.iter().flat_map(|feature| {
        in_feature(feature)
            .into_iter()
            .chain(flex_by_default(&manifest.name, feature))
            .map(|message| (feature.line, message))
    });
    dependencies
        .chain(features)
        .map(|(line, message)| Finding::new(&manifest.path, line, message))
        .collect()
}

fn in_dependency(dependency: &Dependency) -> Vec<String> {
    if dependency.name != "burn" || dependency.section == Section::Dev {
        return Vec::new();
    }
    let backends = dependency.features.iter().filter(|name| BACKENDS.contains(&name.as_str()));
    backends
        .map(|backend| {
            format!(
                "burn's backend `{backend}` is enabled for every user of the crate: \
                 enable it in [dev-dependencies], the CLI or crosshead-tests"
            )
        })
        .collect()
}

fn in_feature(feature: &Feature) -> Vec<String> {
    let of_burn = feature
        .enables
        .iter()
        .filter_map(|name| name.strip_prefix("burn/").or_else(|| name.strip_prefix("burn?/")));
    of_burn
        .filter(|name| BACKENDS.contains(name) && !(feature.name == "flex" && *name == "flex"))
        .map(|backend| {
            format!(
                "feature `{}` enables burn's backend `{backend}`: a library crate may only enable \
                 `flex`; the other backends belong to the CLI and crosshead-tests",
                feature.name
            )
        })
        .collect()
}

fn flex_by_default(package: &str, feature: &Feature) -> Option<String> {
    let by_default = feature.name == "default" && feature.enables.iter().any(|name| name == "flex");
    (by_default && !FLEX_BY_DEFAULT.contains(&package)).then(|| {
        "`flex` is enabled by default: remove it; the facade and the CLI enable it".to_owned()
    })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn lines(name: &str, body: &str) -> Vec<usize> {
        let text = format!("[package]\nname = \"{name}\"\n{body}");
        let manifest = Manifest::parse(Path::new("crates/x/Cargo.toml"), &text).unwrap();
        check(&manifest).iter().map(|finding| finding.line).collect()
    }

    #[test]
    fn a_backend_of_a_library_is_found() {
        let body = "[dependencies]\nburn = { workspace = true, features = [\"std\", \"wgpu\"] }\n";
        assert_eq!(lines("crosshead-models", body), [4]);
    }

    #[test]
    fn a_backend_in_the_workspace_dependencies_is_found() {
        let body =
            "[workspace.dependencies]\nburn = { version = \"0.22\", features = [\"flex\"] }\n";
        assert_eq!(lines("", body), [4]);
    }

    #[test]
    fn a_backend_enabled_by_a_feature_of_a_library_is_found() {
        assert_eq!(lines("crosshead-models", "[features]\ngpu = [\"burn/wgpu\"]\n"), [4]);
        assert_eq!(lines("crosshead-models", "[features]\nflex = [\"burn/ndarray\"]\n"), [4]);
    }

    #[test]
    fn flex_by_default_is_found_outside_the_facade() {
        let body = "[features]\ndefault = [\"flex\"]\n";
        assert_eq!(lines("crosshead-models", body), [4]);
        assert!(lines("crosshead", body).is_empty());
    }

    #[test]
    fn forwarding_flex_and_testing_on_it_are_allowed() {
        let body = "[features]\nflex = [\"crosshead-kernels/flex\", \"burn/flex\"]\n\
                    [dev-dependencies]\nburn = { workspace = true, features = [\"flex\"] }\n";
        assert!(lines("crosshead-kernels", body).is_empty());
        assert!(lines("crosshead-cli", "[features]\nwgpu = [\"burn/wgpu\"]\n").is_empty());
    }
}
