/// Writes a `ServiceError` factory for each error that the listed operations model.
struct ErrorsEmitter {
    let service: ServiceIR

    /// Modules beside ServiceModel that the factories need.
    var modules: Set<String> {
        self.service.errors.reduce(into: []) {
            $0.formUnion(StructureEmitter(service: self.service, shape: self.service.shape($1)).modules)
        }
    }

    /// Empty when there is no error.
    func lines() -> [String] {
        guard !self.service.errors.isEmpty else { return [] }
        let names = SwiftNames.members(
            self.service.errors.map { $0.hasSuffix("Exception") ? String($0.dropLast("Exception".count)) : $0 }
        )
        let factories = zip(self.service.errors, names).map { self.factory(self.service.shape($0), named: $1) }
        return [
            "/// The errors that the implemented operations of \(self.service.name) model.",
            "package enum \(self.service.name)Error {",
        ] + factories.joined(separator: [""]) + ["}"]
    }

    private func factory(_ shape: ModelFile.Shape, named name: String) -> [String] {
        let members = shape.members ?? []
        var parameters = ["message: String"]
        var arguments: [String] = []
        for property in StructureEmitter(service: self.service, shape: shape).properties {
            if (members[property.index].name ?? "").lowercased() == "message" {
                arguments.append("\(property.name): message")
            } else {
                parameters.append("\(property.name): \(property.type)\(property.isRequired ? "" : "? = nil")")
                arguments.append("\(property.name): \(property.name)")
            }
        }
        let code = shape.error?.code.map { ", queryCode: \(SwiftLiteral.string($0))" } ?? ""
        return [
            "    package static func \(name)(",
            "        \(parameters.joined(separator: ", "))",
            "    ) -> ServiceError {",
            "        ServiceError(",
            "            code: \"\(shape.name)\", status: \(shape.errorStatus),",
            "            message: message\(code),",
            "            detail: \(self.service.typeName(shape.name))(\(arguments.joined(separator: ", ")))",
            "        )",
            "    }",
        ]
    }
}
