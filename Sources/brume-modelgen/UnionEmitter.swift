/// Writes the Swift type of one union.
struct UnionEmitter {
    let service: ServiceIR
    let types: SwiftTypes
    let shape: ModelFile.Shape

    /// One member in Swift.
    private struct Case {
        var name: String
        var shape: String
        var index: Int
    }

    init(service: ServiceIR, shape: ModelFile.Shape) {
        self.service = service
        self.types = SwiftTypes(service: service)
        self.shape = shape
    }

    func lines() -> [String] {
        let isRead = self.service.read.contains(self.shape.name)
        let isWritten = self.service.written.contains(self.shape.name)
        let protocols = (isRead ? ["ReadableShape"] : []) + (isWritten ? ["WritableShape"] : [])
        let members = self.shape.members ?? []
        // `unknown` is ours: a member of that name gives way.
        let names = SwiftNames.members(["unknown"] + members.map { $0.name ?? "" }).dropFirst()
        let cases = zip(names, members.indices).map { Case(name: $0, shape: members[$1].shape, index: $1) }
        let name = self.service.typeName(self.shape.name)
        var lines = [
            "package indirect enum \(name): \(protocols.joined(separator: ", ")) {",
            "    package static let schema = \(self.service.name)Schema.shape(\"\(self.shape.name)\")",
            "",
        ]
        lines += cases.map { "    case \($0.name)(\(self.types.type($0.shape)))" }
        lines += ["    /// No member, or one that this version does not know.", "    case unknown"]
        if isRead { lines += [""] + self.reader(cases) }
        if isWritten { lines += [""] + self.writer(cases) }
        return lines + ["}"]
    }

    private func reader(_ cases: [Case]) -> [String] {
        var lines = [
            "    package init(from reader: ShapeReader) throws(ShapeError) {",
            "        let schema = Self.schema",
            "        var value = Self.unknown",
            "        try reader.beginStructure(schema)",
            "        while let index = try reader.nextMember(schema) {",
            "            guard case .unknown = value else {",
            "                throw .invalidValue(\"several members\", expected: .union, member: schema.name)",
            "            }",
            "            switch index {",
        ]
        for member in cases {
            let read = self.types.read(member.shape, "schema.members[\(member.index)]")
            lines += [
                "            case \(member.index):",
                "                value = .\(SwiftNames.bare(member.name))(\(read))",
            ]
        }
        return lines + ["            default: break", "            }", "        }", "        self = value", "    }"]
    }

    private func writer(_ cases: [Case]) -> [String] {
        var lines = [
            "    package func write(to writer: any ShapeWriter) {",
            "        let schema = Self.schema",
            "        writer.beginStructure(schema)",
            "        switch self {",
        ]
        for member in cases {
            lines += [
                "        case .\(SwiftNames.bare(member.name))(let value):",
                "            let member = schema.members[\(member.index)]",
                "            writer.member(member)",
            ]
            lines += self.types.write(member.shape, "value", "member").map { "            " + $0 }
        }
        return lines + ["        case .unknown: break", "        }", "        writer.endStructure()", "    }"]
    }
}
