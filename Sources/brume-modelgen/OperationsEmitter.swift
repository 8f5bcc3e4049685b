/// Writes the protocol that a service implements, its binding for the gateway, and its paginators.
struct OperationsEmitter {
    let service: ServiceIR

    func lines() -> [String] {
        (self.service.operations.isEmpty ? self.empty() : self.protocolLines() + [""] + self.binding())
            + self.paginators()
    }

    private func empty() -> [String] {
        let name = self.service.name
        return [
            "/// \(name) has no operation with a handler yet; its names are known.",
            "package enum \(name)Operations {",
            "    /// The service as the gateway knows it.",
            "    package static var binding: ServiceBinding {",
            "        ServiceBinding(schema: \(name)Schema.service, operations: [])",
            "    }",
            "}",
        ]
    }

    private func protocolLines() -> [String] {
        let requirements = self.service.operations.map { operation in
            let input = self.service.typeName(operation.input)
            return [
                "    func access(_ input: \(input), _ context: RequestContext) -> [ResourceAccess]",
                "    func \(SwiftNames.operation(operation.facts.name))(",
                "        _ input: \(input), _ context: RequestContext",
                "    ) async throws(ServiceError) -> \(self.service.typeName(operation.output))",
            ]
        }
        let name = self.service.name
        return [
            "/// A handler and the accesses it authorises for each operation of \(name) that is implemented.",
            "package protocol \(self.service.name)Operations: Sendable {",
        ] + requirements.joined(separator: [""]) + ["}"]
    }

    private func binding() -> [String] {
        var lines = [
            "extension \(self.service.name)Operations {",
            "    /// The service as the gateway knows it.",
            "    package var binding: ServiceBinding {",
            "        let operations = \(self.service.name)Schema.service.operations",
            "        return ServiceBinding(",
            "            schema: \(self.service.name)Schema.service,",
            "            operations: [",
        ]
        for (index, operation) in self.service.operations.enumerated() {
            let function = SwiftNames.bare(SwiftNames.operation(operation.facts.name))
            lines += [
                "                OperationBinding(",
                "                    operations[\(index)], input: \(self.service.typeName(operation.input)).self,",
                "                    access: { self.access($0, $1) },",
                "                    invoke: { (input, context) async throws(ServiceError) in",
                "                        try await self.\(function)(input, context)",
                "                    }",
                "                ),",
            ]
        }
        return lines + ["            ]", "        )", "    }", "}"]
    }

    private func paginators() -> [String] {
        let listed = Set(self.service.operations.map(\.facts.name))
        let pages = self.service.file.paginators.filter { listed.contains($0.key) }.sorted { $0.key < $1.key }
        guard !pages.isEmpty else { return [] }
        var lines = [
            "",
            "extension \(self.service.name)Schema {",
            "    /// How the answers of an operation are cut into pages, by operation.",
            "    package static let paginators: [String: Paginator] = [",
        ]
        for (name, page) in pages {
            let limit = page.limit_key.map(SwiftLiteral.string) ?? "nil"
            lines += [
                "        \"\(name)\": Paginator(",
                "            inputTokens: \(Self.list(page.input_token)),",
                "            outputTokens: \(Self.list(page.output_token)),",
                "            limit: \(limit), results: \(Self.list(page.result_key))",
                "        ),",
            ]
        }
        return lines + ["    ]", "}"]
    }

    private static func list(_ names: ModelFile.Names?) -> String {
        "[" + (names?.all ?? []).map(SwiftLiteral.string).joined(separator: ", ") + "]"
    }
}
