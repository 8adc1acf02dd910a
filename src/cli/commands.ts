import type { Command } from "./command.js";
import { gridCommand } from "./gridCommand.js";
import { inspectCommand } from "./inspectCommand.js";
import { pairCommands } from "./pairCommands.js";

export const commands: readonly Command[] = [...pairCommands, gridCommand, inspectCommand];
