// What the site shows, and when the quality gate is passed. Paths are relative to the place that site.sh goes to.

// The gate walks its results with a method that came with Node 22; on Node 20 it is given one.
const iterators = Object.getPrototypeOf(Object.getPrototypeOf([][Symbol.iterator]()));
iterators.toArray ??= function toArray() {
  return [...this];
};

const reports = process.env.FOCUS__REPORTS__DIRECTORY || "reports";

export default {
  name: "Focus Server acceptance",
  output: `${reports}/allure-report`,
  historyPath: `${reports}/allure-history.jsonl`,
  historyLimit: 50,
  hideLabels: ["framework", "language"],
  plugins: {
    awesome: { options: { groupBy: ["epic", "feature", "story"], reportLanguage: "en" } },
    dashboard: { options: { reportLanguage: "en" } },
    csv: { options: { fileName: "results.csv" } },
  },
  // The first that matches. How messages begin and end is said in support/known_issues.py and support/eventually.py.
  categories: [
    { name: "Known issue", matchers: { statuses: ["failed"], message: /^Known issue PZ-\d+/ } },
    { name: "Time limit", matchers: { statuses: ["failed"], message: /\(time_limits\.\w+|no answer within [\d.]+ s/ } },
    { name: "Product failure", matchers: { statuses: ["failed"] } },
    { name: "Environment broken", matchers: { statuses: ["broken"] } },
  ],
  // A known issue is none of the failures: its result carries Allure's mark `known`.
  qualityGate: { rules: [{ maxFailures: 0, minTestsCount: 1 }] },
};
