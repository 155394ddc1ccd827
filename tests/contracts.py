"""The import contract of the tests themselves, checked by import-linter."""

from grimp import ImportGraph
from importlinter import Contract, ContractCheck, output


class HelpersOutsideTestsContract(Contract):
    """No module imports a test module: helpers stand in builders, fixtures in ``conftest``."""

    type_name = "helpers_outside_tests"

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        """Find the imports of any module named ``test_…``."""
        wrong = [
            (importer, module)
            for module in sorted(graph.modules)
            if module.rpartition(".")[2].startswith("test_")
            for importer in sorted(graph.find_modules_that_directly_import(module))
        ]
        return ContractCheck(kept=not wrong, metadata={"imports": wrong})

    def render_broken_contract(self, check: ContractCheck) -> None:
        """Name each import; its helpers are to be moved into a module of their own."""
        for importer, module in check.metadata["imports"]:
            output.print_error(f"{importer} imports {module}: move the helpers to a builder.")
