// What the site shows, and when the quality gate is passed. site.sh says of which run, and where the history is.

// The gate walks its results with a method that came with Node 22; on Node 20 it is given one.
const iterators = Object.getPrototypeOf(Object.getPrototypeOf([][Symbol.iterator]()));
iterators.toArray ??= function toArray() {
  return [...this];
};

export default {
  name: "Focus Server acceptance",
  output: `${process.env.FOCUS_RUN_FOLDER}/allure-report`,
  historyPath: process.env.FOCUS_HISTORY,
  historyLimit: 20,
  appendHistory: !process.env.FOCUS_SAME_RUN,
  hideLabels: ["framework", "language"],
  // Each page is one file, so that it can be opened without a server, and sent.
  plugins: {
    awesome: { options: { groupBy: ["epic", "feature", "story"], singleFile: true, reportLanguage: "en" } },
    dashboard: { options: { singleFile: true, reportLanguage: "en" } },
    csv: { options: { fileName: "results.csv" } },
  },
  // The first that matches. How messages begin and end is said in support/evidence/known_issues.py and support/core/eventually.py.
  categories: [
    { name: "Known issue", matchers: { statuses: ["failed"], message: /^Known issue / } },
    { name: "Time limit", matchers: { statuses: ["failed"], message: /\btime_limits\.\w+|no answer within [\d.]+ s/ } },
    { name: "Product failure", matchers: { statuses: ["failed"] } },
    { name: "Environment broken", matchers: { statuses: ["broken"] } },
  ],
  // A known issue is none of the failures: its result carries Allure's mark `known`.
  qualityGate: { rules: [{ maxFailures: 0, minTestsCount: 1 }] },
};
