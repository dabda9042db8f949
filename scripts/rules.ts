// Writes anew where docs/rules.md says that each rule is proved. Usage: node scripts/rules.ts
import { readFileSync, writeFileSync } from 'node:fs';
import { provedIn, provedText, RULES_PAGE, readRows } from '../test/docs/rules.ts';

const proved = provedIn();
let page = readFileSync(RULES_PAGE, 'utf8');
for (const { rule, what } of readRows(page)) {
  const row = new RegExp(`^\\| ${rule} \\| .*$`, 'm');
  page = page.replace(row, () => `| ${rule} | ${what} | ${provedText(proved.get(rule))} |`);
}
writeFileSync(RULES_PAGE, page);
