#!/usr/bin/env node
import { main } from '../dist/cli/main.js';

await main(['recv', ...process.argv.slice(2)]);
