/// Writes the Swift type of one structure.
struct StructureEmitter {
    let service: ServiceIR
    let types: SwiftTypes
    let shape: ModelFile.Shape

    /// One member in Swift.
    struct Property {
        var name: String
        var type: String
        var isRequired: Bool
        /// The structure would hold itself: its value stands behind a reference.
        var isBoxed: Bool
        var index: Int
        var shape: String
        /// The events that follow the answer's head; not written with the other members.
        var isEventStream: Bool
    }

    init(service: ServiceIR, shape: ModelFile.Shape) {
        self.service = service
        self.types = SwiftTypes(service: service)
        self.shape = shape
    }

    /// In the model's order.
    var properties: [Property] {
        let members = self.shape.members ?? []
        return zip(members.indices, SwiftNames.members(members.map { $0.name ?? "" })).map { index, name in
            let member = members[index]
            let isBoxed =
                self.types.isPlainStructure(member.shape)
                && self.types.holdsDirectly(member.shape, self.shape.name)
            let type = self.types.type(member.shape)
            return Property(
                name: name,
                type: isBoxed ? "Indirect<\(type)>" : type,
                // What must hold itself has no end: the model cannot mean it.
                isRequired: self.service.shape(member.shape).isEventStream
                    || self.service.isRequired(member, of: self.shape)
                        && !(isBoxed && self.types.holdsDirectly(member.shape, self.shape.name, isForced: true)),
                isBoxed: isBoxed,
                index: index,
                shape: member.shape,
                isEventStream: self.service.shape(member.shape).isEventStream
            )
        }
    }

    /// Modules beside ServiceModel that the type needs.
    var modules: Set<String> {
        (self.shape.members ?? []).reduce(into: []) { $0.formUnion(self.types.modules($1.shape)) }
    }

    /// Modules that only the body needs: a required structure that is not there is made of its own members' types.
    var bodyModules: Set<String> {
        guard self.service.read.contains(self.shape.name) else { return [] }
        return self.properties.filter(\.isRequired).reduce(into: Set()) { modules, property in
            guard self.service.bindings[property.shape] == nil else { return }
            let shape = self.service.shape(property.shape)
            guard shape.type == "structure", !shape.isDocument, !shape.isUnion else { return }
            let nested = StructureEmitter(service: self.service, shape: shape)
            for member in nested.properties where member.isRequired {
                modules.formUnion(self.types.modules(member.shape))
            }
            modules.formUnion(nested.bodyModules)
        }.subtracting(self.modules)
    }

    func lines() -> [String] {
        let properties = self.properties
        let isRead = self.service.read.contains(self.shape.name)
        let isWritten = self.service.written.contains(self.shape.name)
        let stream = properties.first(where: \.isEventStream)
        let written = stream == nil ? "WritableShape" : "StreamedShape"
        let protocols = (isRead ? ["ReadableShape"] : []) + (isWritten ? [written] : [])
        var lines = [
            "package struct \(self.service.typeName(self.shape.name)): \(protocols.joined(separator: ", ")) {",
            "    package static let schema = \(self.service.name)Schema.shape(\"\(self.shape.name)\")",
        ]
        if !properties.isEmpty { lines.append("") }
        // `Optional<T>` is not `T?` here: a variable of that form begins as nil, and an initialiser that sets it then
        // copies the whole structure once more when it is complete (Swift 6.3).
        lines += properties.map { property in
            "    package var \(property.name): \(property.isRequired ? property.type : "Optional<\(property.type)>")"
        }
        lines += [""] + self.initializer(properties)
        if isRead { lines += [""] + self.reader(properties) }
        if isWritten { lines += [""] + self.writer(properties.filter { !$0.isEventStream }) }
        if let stream { lines += [""] + self.events(stream) }
        return lines + ["}"]
    }

    private func events(_ stream: Property) -> [String] {
        [
            "    package func sendEvents(_ send: EventSender) async throws {",
            "        try await self.\(SwiftNames.bare(stream.name)).produce(send)",
            "    }",
        ]
    }

    private func initializer(_ properties: [Property]) -> [String] {
        guard !properties.isEmpty else { return ["    package init() {}"] }
        let parameters = properties.map { "        \($0.name): \($0.type)\($0.isRequired ? "" : "? = nil")" }
        return ["    package init("] + [parameters.joined(separator: ",\n")] + ["    ) {"]
            + properties.map { "        self.\(SwiftNames.bare($0.name)) = \($0.name)" } + ["    }"]
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
        // By the other initialiser: member by member, the whole structure would be copied when it is complete.
        let arguments = properties.map { property in
            let label = SwiftNames.label(property.name)
            guard property.isRequired else { return "            \(label): \(property.name)" }
            let stand = self.types.stand(property.shape)
            let boxed = property.isBoxed ? "Indirect(\(stand))" : stand
            let missing = "reader.missing(schema.members[\(property.index)], \(boxed))"
            return "            \(label): \(property.name) ?? \(missing)"
        }
        if arguments.isEmpty {
            lines.append("        self.init()")
        } else {
            lines += ["        self.init(", arguments.joined(separator: ",\n"), "        )"]
        }
        return lines + ["    }"]
    }

    private func writer(_ properties: [Property]) -> [String] {
        var lines = ["    package func write(to writer: any ShapeWriter) {"]
        if !properties.isEmpty { lines.append("        let schema = Self.schema") }
        lines.append("        writer.beginStructure(\(properties.isEmpty ? "Self.schema" : "schema"))")
        for property in properties {
            let access = "self.\(SwiftNames.bare(property.name))"
            let value = property.isRequired ? access : "value"
            let member = ["let member = schema.members[\(property.index)]", "writer.member(member)"]
            let body =
                member + self.types.write(property.shape, property.isBoxed ? "\(value).value" : value, "member")
            lines.append(property.isRequired ? "        do {" : "        if let value = \(access) {")
            lines += body.map { "            " + $0 } + ["        }"]
        }
        return lines + ["        writer.endStructure()", "    }"]
    }
}
