//! What cargo knows of the workspace.

use crate::process::{Outcome, cargo, read};
use serde_json::Value;
use std::path::{Path, PathBuf};

/// The members, and where cargo builds.
pub(crate) struct Workspace {
    pub(crate) packages: Vec<Package>,
    pub(crate) target: PathBuf,
}

pub(crate) struct Package {
    pub(crate) name: String,
    pub(crate) version: String,
    /// Its folder.
    pub(crate) folder: PathBuf,
    /// False with `publish = false`.
    pub(crate) published: bool,
    pub(crate) has_library: bool,
    /// Its features without `default`, sorted.
    pub(crate) features: Vec<String>,
    /// The manifest's fields as cargo reports them.
    pub(crate) manifest: Value,
}

impl Workspace {
    pub(crate) fn load() -> Outcome<Self> {
        let text = read(&mut cargo(&["metadata", "--no-deps", "--format-version", "1"]))?;
        let metadata: Value = serde_json::from_str(&text)?;
        let packages = metadata["packages"].as_array().ok_or("cargo metadata lists packages")?;
        let target = metadata["target_directory"].as_str().ok_or("cargo metadata names the target folder")?;
        let packages = packages.iter().map(Package::new).collect::<Outcome<Vec<_>>>()?;
        Ok(Self { packages, target: target.into() })
    }

    pub(crate) fn published(&self) -> impl Iterator<Item = &Package> {
        self.packages.iter().filter(|package| package.published)
    }

    /// The package with this name; the folder's name will do as well.
    pub(crate) fn package(&self, name: &str) -> Outcome<&Package> {
        let called = |package: &&Package| package.name == name || package.folder.file_name().is_some_and(|f| f == name);
        self.packages.iter().find(called).ok_or_else(|| format!("no crate of the workspace is called `{name}`").into())
    }
}

impl Package {
    fn new(manifest: &Value) -> Outcome<Self> {
        let field =
            |name: &str| manifest[name].as_str().ok_or_else(|| format!("cargo metadata gives a package's {name}"));
        let folder = Path::new(field("manifest_path")?).parent().ok_or("a manifest lies in a folder")?.to_owned();
        let mut features: Vec<String> = manifest["features"]
            .as_object()
            .map(|features| features.keys().filter(|name| *name != "default").cloned().collect())
            .unwrap_or_default();
        features.sort();
        let is_library = |target: &Value| {
            target["kind"]
                .as_array()
                .is_some_and(|kinds| kinds.iter().any(|kind| kind == "lib" || kind == "proc-macro"))
        };
        Ok(Self {
            name: field("name")?.to_owned(),
            version: field("version")?.to_owned(),
            folder,
            // `publish = false` is an empty list of registries, the default is null.
            published: manifest["publish"].as_array().is_none_or(|registries| !registries.is_empty()),
            has_library: manifest["targets"].as_array().is_some_and(|targets| targets.iter().any(is_library)),
            features,
            manifest: manifest.clone(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Workspace;

    #[test]
    fn the_workspace_is_read() {
        let workspace = Workspace::load().unwrap();
        let colide = workspace.package("colide").unwrap();
        assert!(colide.published && colide.has_library && colide.features.contains(&"serde".to_owned()));
        assert!(!workspace.package("xtask").unwrap().published);
        assert_eq!(workspace.package("datasets").unwrap().name, "orthant-datasets");
        assert!(workspace.package("nothing").is_err());
    }
}
