#!/usr/bin/env node
import { main } from '../dist/cli/main.js';

await main(['send', ...process.argv.slice(2)]);
