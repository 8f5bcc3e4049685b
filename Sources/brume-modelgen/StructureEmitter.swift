/// Writes the Swift type of one structure.
struct StructureEmitter {
    let service: ServiceIR
    let types: SwiftTypes
    let shape: ModelFile.Shape

    private struct Property {
        var name: String
        var type: String
        var isRequired: Bool
        var isBoxed: Bool
        var index: Int
        var shape: String
    }

    init(service: ServiceIR, shape: ModelFile.Shape) {
        self.service = service
        self.types = SwiftTypes(service: service)
        self.shape = shape
    }

    private var isRead: Bool { self.service.read.contains(self.shape.name) }
    private var isWritten: Bool { self.service.written.contains(self.shape.name) }

    private var properties: [Property] {
        let isRecursive = self.types.isRecursive(self.shape.name)
        return (self.shape.members ?? []).enumerated().map { index, member in
            let target = self.service.shape(member.shape)
            let isBoxed = isRecursive && target.type == "structure" && self.service.bindings[member.shape] == nil
            let type = self.types.type(member.shape)
            return Property(
                name: SwiftNames.member(member.name ?? ""),
                type: isBoxed ? "Indirect<\(type)>" : type,
                isRequired: self.isRead && self.service.isRequired(member, of: self.shape),
                isBoxed: isBoxed,
                index: index,
                shape: member.shape
            )
        }
    }

    func lines() -> [String] {
        let properties = self.properties
        let protocols = (self.isRead ? ["ReadableShape"] : []) + (self.isWritten ? ["WritableShape"] : [])
        var lines = ["package struct \(SwiftNames.type(self.shape.name)): \(protocols.joined(separator: ", ")) {"]
        lines.append("    package static let schema = \(self.service.name)Schema.shapes[\(self.service.number(self.shape.name))]")
        if !properties.isEmpty { lines.append("") }
        lines += properties.map { "    package var \($0.name): \($0.type)\($0.isRequired ? "" : "?")" }
        lines += [""] + self.initializer(properties)
        if self.isRead { lines += [""] + self.reader(properties) }
        if self.isWritten { lines += [""] + self.writer(properties) }
        return lines + ["}"]
    }

    private func initializer(_ properties: [Property]) -> [String] {
        guard !properties.isEmpty else { return ["    package init() {}"] }
        let parameters = properties.map { "        \($0.name): \($0.type)\($0.isRequired ? "" : "? = nil")" }
        return ["    package init("] + [parameters.joined(separator: ",\n")] + ["    ) {"]
            + properties.map { "        self.\(Self.bare($0.name)) = \($0.name)" } + ["    }"]
    }

    private func reader(_ properties: [Property]) -> [String] {
        var lines = [
            "    package init(from reader: ShapeReader) throws(ShapeError) {",
            "        let schema = Self.schema",
        ]
        lines += properties.map { "        var \($0.name): \($0.type)?" }
        lines += [
            "        try reader.beginStructure(schema)",
            "        while let index = try reader.nextMember(schema) {",
        ]
        if properties.isEmpty {
            lines += ["            preconditionFailure(\"member \\(index) of an empty structure\")", "        }"]
        } else {
            lines.append("            switch index {")
            for property in properties {
                let value = self.types.read(property.shape, "schema.members[\(property.index)]")
                lines.append("            case \(property.index):")
                lines.append("                \(property.name) = \(property.isBoxed ? "Indirect(\(value))" : value)")
            }
            lines += ["            default: break", "            }", "        }"]
        }
        for property in properties {
            let missing = "reader.missing(schema.members[\(property.index)], \(self.types.stand(property.shape)))"
            lines.append(
                "        self.\(Self.bare(property.name)) = \(property.name)\(property.isRequired ? " ?? \(missing)" : "")"
            )
        }
        return lines + ["    }"]
    }

    private func writer(_ properties: [Property]) -> [String] {
        var lines = ["    package func write(to writer: any ShapeWriter) {"]
        if !properties.isEmpty { lines.append("        let schema = Self.schema") }
        lines.append("        writer.beginStructure(\(properties.isEmpty ? "Self.schema" : "schema"))")
        for property in properties {
            let access = "self.\(Self.bare(property.name))"
            let value = property.isRequired ? access : "value"
            let body =
                [
                    "let member = schema.members[\(property.index)]", "writer.member(member)",
                ] + self.types.write(property.shape, property.isBoxed ? "\(value).value" : value, "member")
            lines.append(property.isRequired ? "        do {" : "        if let value = \(access) {")
            lines += body.map { "            " + $0 } + ["        }"]
        }
        return lines + ["        writer.endStructure()", "    }"]
    }

    /// A name behind a dot needs no backticks.
    static func bare(_ name: String) -> String {
        name.replacing("`", with: "")
    }
}
