// Writes the program `chromium` to the folder that TMPDIR names.
import chromium from "@sparticuz/chromium";

await chromium.executablePath();
