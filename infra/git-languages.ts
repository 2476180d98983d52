/** Files that tell a repository's language, and the image that builds it: as `oc new-app` goes by them, first match first. */
export interface Language {
  readonly name: string;
  readonly files: readonly string[];
  readonly builderImage: string;
}

const UBI = "registry.access.redhat.com/ubi9";

/**
 * Red Hat's universal base images need no login. Their repositories carry the language's version; the tag moves with
 * security fixes, and what is deployed is the built image's digest.
 * https://docs.redhat.com/en/documentation/openshift_container_platform/4.19/html/building_applications/creating-applications#oc-new-app-language-detection
 */
export const LANGUAGES: readonly Language[] = [
  {
    name: "Python",
    files: ["requirements.txt", "setup.py", "pyproject.toml", "Pipfile"],
    builderImage: `${UBI}/python-312:latest`,
  },
  { name: "Node.js", files: ["package.json"], builderImage: `${UBI}/nodejs-22:latest` },
  { name: "Java", files: ["pom.xml", "build.gradle"], builderImage: `${UBI}/openjdk-21:latest` },
  { name: "Go", files: ["go.mod", "main.go"], builderImage: `${UBI}/go-toolset:latest` },
  { name: "Ruby", files: ["Gemfile", "config.ru"], builderImage: `${UBI}/ruby-33:latest` },
  { name: "PHP", files: ["composer.json", "index.php"], builderImage: `${UBI}/php-83:latest` },
  { name: "Perl", files: ["cpanfile", "index.pl"], builderImage: `${UBI}/perl-532:latest` },
];

/** @param files names in the folder that is built */
export function builderFor(files: readonly string[]): string | undefined {
  return LANGUAGES.find((language) => language.files.some((file) => files.includes(file)))
    ?.builderImage;
}
