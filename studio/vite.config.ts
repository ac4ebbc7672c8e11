import { defineConfig } from "vite";

// `npm run dev` serves the sources on a port of its own and asks a running `cuebox serve`.
const server = process.env["CUEBOX_URL"] ?? "http://127.0.0.1:8080";

export default defineConfig({
  base: "./",
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  build: {
    outDir: process.env["STUDIO_OUT"] ?? "../src/cuebox/web/studio",
    emptyOutDir: true,
    target: "es2022",
    // The page's policy allows neither data: addresses nor inline scripts.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: true,
  },
  server: {
    host: "127.0.0.1",
    proxy: Object.fromEntries(
      ["/v1", "/v2", "/health", "/metrics", "/docs", "/openapi.json", "/reports"].map((path) => [
        path,
        { target: server, changeOrigin: true, headers: { origin: server } },
      ]),
    ),
  },
});
