export * from "./curves/index.js";
export * from "./distillation/index.js";
export * from "./landscape/index.js";
export * from "./schedules/index.js";
export * from "./similarity/index.js";
