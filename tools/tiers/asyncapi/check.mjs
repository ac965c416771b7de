// Parses an AsyncAPI document with the project's own parser; every finding is told, errors and warnings fail.
import { readFileSync } from "node:fs";
import { Parser } from "@asyncapi/parser";

const { document, diagnostics } = await new Parser().parse(readFileSync(process.argv[2], "utf8"));
const serious = diagnostics.filter((each) => each.severity <= 1);
for (const each of serious) console.log(each.code, each.path.join("."), each.message);
process.exit(document && serious.length === 0 ? 0 : 1);
