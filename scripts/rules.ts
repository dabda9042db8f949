// Writes anew where docs/rules.md, docs/data-cases.md and docs/failure-modes.md say that each row is proved. Usage: node scripts/rules.ts
import { readFileSync, writeFileSync } from 'node:fs';
import { CASES_PAGE, casesProvedIn, casesText, readCases } from '../test/docs/data-cases.ts';
import { MODES_PAGE, modesProvedIn, modesText, readModes } from '../test/docs/failure-modes.ts';
import { provedIn, provedText, RULES_PAGE, readRows } from '../test/docs/rules.ts';

const rules = provedIn();
rewrite(RULES_PAGE, (page) =>
  readRows(page).map(({ rule, what }) => ({ id: rule, what, proved: provedText(rules.get(rule)) })),
);

const cases = casesProvedIn();
rewrite(CASES_PAGE, (page) =>
  readCases(page).map(({ id, what }) => ({ id, what, proved: casesText(cases.get(id)) })),
);

const modes = modesProvedIn();
rewrite(MODES_PAGE, (page) =>
  readModes(page).map(({ id, what }) => ({ id, what, proved: modesText(modes.get(id)) })),
);

function rewrite(
  file: string,
  rowsOf: (page: string) => readonly { id: string; what: string; proved: string }[],
): void {
  let page = readFileSync(file, 'utf8');
  for (const { id, what, proved } of rowsOf(page))
    page = page.replace(new RegExp(`^\\| ${id} \\| .*$`, 'm'), () => `| ${id} | ${what} | ${proved} |`);
  writeFileSync(file, page);
}
