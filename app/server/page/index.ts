export { renderPage, type Page } from "./page";
