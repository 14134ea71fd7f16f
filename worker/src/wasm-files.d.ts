// workerd compiles wasm files that are imported, and refuses to compile bytes.
declare module "*.wasm" {
  const module: WebAssembly.Module;
  export default module;
}
