// node check.mjs DASHBOARD: ends with 1 and says what does not fit, if anything.
// The JSON becomes a literal in a program, since the compiler takes what it imports for any text and any number.
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';

const json = readFileSync(process.argv[2], 'utf8');
JSON.parse(json);
writeFileSync('dashboard.ts', `import type { Dashboard } from './types';\nexport const dashboard: Dashboard = ${json};\n`);
try {
  execFileSync(
    process.execPath,
    ['node_modules/typescript/bin/tsc', '--noEmit', '--strict', '--skipLibCheck', '--module', 'nodenext', 'dashboard.ts'],
    { stdio: 'inherit' });
} catch {
  process.exit(1);
}
console.log('the dashboard has the types of @grafana/schema');
