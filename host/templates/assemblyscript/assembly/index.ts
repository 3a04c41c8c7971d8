// What the component exports; `standin componentize` knows these names.
export { lifecycle_describe, lifecycle_configure, strategy_respond, cabi_realloc } from "./abi";
