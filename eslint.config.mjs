import tseslint from "typescript-eslint";

/** Folders that may not be imported from each other (docs: the layout's one-way dependencies). */
const forbid = (files, patterns) => ({
  files,
  rules: {
    "no-restricted-imports": [
      "error",
      { patterns: patterns.map(([group, message]) => ({ group, message })) },
    ],
  },
});

export default tseslint.config(
  { ignores: ["dist", ".modelport", "node_modules", "sdks", "**/*.js", "**/*.mjs"] },
  ...tseslint.configs.strictTypeChecked,
  {
    languageOptions: {
      parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname },
    },
    rules: {
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      "@typescript-eslint/no-confusing-void-expression": ["error", { ignoreArrowShorthand: true }],
    },
  },
  forbid(
    ["infra/manifests/**"],
    [
      [
        ["../components/*", "../targets/*", "../config", "@pulumi/docker", "@pulumi/gcp"],
        "manifests are pure: arguments → objects",
      ],
    ],
  ),
  forbid(
    ["infra/targets/**"],
    [[["../components/*"], "targets and components meet only in target.ts"]],
  ),
  forbid(
    ["infra/components/**"],
    [[["../targets/*", "!../targets/target"], "targets and components meet only in target.ts"]],
  ),
  forbid(["app/**"], [[["**/infra/*", "**/local/*", "**/cli/*"], "app stands alone"]]),
  {
    files: ["test/**"],
    rules: {
      "@typescript-eslint/no-floating-promises": "off",
      "@typescript-eslint/no-non-null-assertion": "off",
    },
  },
);
