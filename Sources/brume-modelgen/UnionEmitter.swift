/// Writes the Swift type of one union.
struct UnionEmitter {
    let service: ServiceIR
    let types: SwiftTypes
    let shape: ModelFile.Shape

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
        let number = self.service.number(self.shape.name)
        var lines = ["package indirect enum \(SwiftNames.type(self.shape.name)): \(protocols.joined(separator: ", ")) {"]
        lines.append("    package static let schema = \(self.service.name)Schema.shapes[\(number)]")
        lines.append("")
        lines += members.map { "    case \(SwiftNames.member($0.name ?? ""))(\(self.types.type($0.shape)))" }
        lines += ["    /// No member, or one that this version does not know.", "    case unknown"]
        if isRead { lines += [""] + self.reader(members) }
        if isWritten { lines += [""] + self.writer(members) }
        return lines + ["}"]
    }

    private func reader(_ members: [ModelFile.Reference]) -> [String] {
        var lines = [
            "    package init(from reader: ShapeReader) throws(ShapeError) {",
            "        let schema = Self.schema",
            "        var value = Self.unknown",
            "        try reader.beginStructure(schema)",
            "        while let index = try reader.nextMember(schema) {",
            "            guard case .unknown = value else {",
            "                throw .invalidValue(\"several members of a union\", expected: .union, member: schema.name)",
            "            }",
            "            switch index {",
        ]
        for (index, member) in members.enumerated() {
            let read = self.types.read(member.shape, "schema.members[\(index)]")
            lines += ["            case \(index):", "                value = .\(SwiftNames.member(member.name ?? ""))(\(read))"]
        }
        return lines + ["            default: break", "            }", "        }", "        self = value", "    }"]
    }

    private func writer(_ members: [ModelFile.Reference]) -> [String] {
        var lines = [
            "    package func write(to writer: any ShapeWriter) {",
            "        let schema = Self.schema",
            "        writer.beginStructure(schema)",
            "        switch self {",
        ]
        for (index, member) in members.enumerated() {
            lines += [
                "        case .\(SwiftNames.member(member.name ?? ""))(let value):",
                "            let member = schema.members[\(index)]",
                "            writer.member(member)",
            ]
            lines += self.types.write(member.shape, "value", "member").map { "            " + $0 }
        }
        return lines + ["        case .unknown: break", "        }", "        writer.endStructure()", "    }"]
    }
}
