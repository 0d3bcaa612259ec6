"""``textDocument/diagnostic``: the problems of a document, for clients that ask for them."""

from typing import TYPE_CHECKING

from lsprotocol import types

if TYPE_CHECKING:
    from speql_server.app import SpeqlServer

IDENTIFIER = "speql"

_OPTIONS = types.DiagnosticOptions(identifier=IDENTIFIER, inter_file_dependencies=False, workspace_diagnostics=False)


def register(server: "SpeqlServer") -> None:
    """Register the handler. What an edit of one document changes in another one is told by a refresh."""

    @server.feature(types.TEXT_DOCUMENT_DIAGNOSTIC, _OPTIONS)
    async def diagnostic(
        params: types.DocumentDiagnosticParams,
    ) -> types.RelatedFullDocumentDiagnosticReport | types.RelatedUnchangedDocumentDiagnosticReport:
        uri = params.text_document.uri
        if server.documents.holds_no_sql(uri) or await server.session(uri) is None:
            return types.RelatedFullDocumentDiagnosticReport(items=[])
        report = await server.diagnostics.report(uri, server.documents.version)
        if report is None:
            return types.RelatedFullDocumentDiagnosticReport(items=[])
        if report.result_id == params.previous_result_id:
            return types.RelatedUnchangedDocumentDiagnosticReport(result_id=report.result_id)
        return types.RelatedFullDocumentDiagnosticReport(items=report.diagnostics, result_id=report.result_id)
