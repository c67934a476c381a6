// Keep the site to itself: `node keep_local.mjs DIRECTORY`. Allure's pages tell a service on the internet that they are
// read, and there is no option against it. The scripts that do are taken out, and a policy has the browser refuse
// whatever else would leave.
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const POLICY =
  "default-src 'self' data: blob: 'unsafe-inline' 'unsafe-eval'; object-src 'none'; base-uri 'self'; form-action 'none'";
const FOREIGN_SCRIPT = /<script\b[^>]*\bsrc="https?:[^>]*>\s*<\/script>/g;
const ITS_CALL = /<script>(?:(?!<\/script>)[^])*\bgtag\((?:(?!<\/script>)[^])*<\/script>/g;

const site = process.argv[2];
for (const name of readdirSync(site, { recursive: true }).filter((name) => name.endsWith("index.html"))) {
  const page = join(site, name);
  const html = readFileSync(page, "utf8").replace(FOREIGN_SCRIPT, "").replace(ITS_CALL, "");
  const policy = `<meta http-equiv="Content-Security-Policy" content="${POLICY}">`;
  if (!html.includes("<head>") || html.includes("googletagmanager")) {
    throw new Error(`${page} is not made as expected: is it another version of Allure? See keep_local.mjs.`);
  }
  writeFileSync(page, html.replace("<head>", `<head>\n    ${policy}`));
}
