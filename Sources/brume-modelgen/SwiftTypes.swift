/// How shapes look in Swift: their types, and the expressions that read, write and stand for them.
struct SwiftTypes {
    let service: ServiceIR

    /// The type of a value of the shape, not optional.
    func type(_ name: String) -> String {
        if let binding = self.service.bindings[name] { return binding.type }
        let shape = self.service.shape(name)
        switch shape.type {
        case "structure": return shape.document == true ? "Document" : SwiftNames.type(name)
        case "string", "character": return shape.enum == nil ? "String" : SwiftNames.type(name)
        case "list": return "[\(self.type(shape.member?.shape ?? ""))]"
        case "map": return "[String: \(self.type(shape.value?.shape ?? ""))]"
        case "blob": return "[UInt8]"
        case "boolean": return "Bool"
        case "byte", "short", "integer", "long": return "Int"
        case "float", "double": return "Double"
        case "timestamp": return "Timestamp"
        case "bigInteger", "bigDecimal": return "String"
        default: preconditionFailure("shape type \(shape.type)")
        }
    }

    /// An expression that reads a value of the shape; `member` names its `MemberSchema`.
    func read(_ name: String, _ member: String) -> String {
        if let binding = self.service.bindings[name] { return "try \(binding.type)(from: reader, \(member))" }
        let shape = self.service.shape(name)
        switch shape.type {
        case "structure":
            return shape.document == true ? "try reader.document(\(member))" : "try \(self.type(name))(from: reader)"
        case "string", "character":
            let text = "try reader.string(\(member))"
            return shape.enum == nil ? text : "\(self.type(name))(rawValue: \(text))"
        case "list":
            return self.closure("list", member, self.read(shape.member?.shape ?? "", "member"))
        case "map":
            return self.closure("map", member, self.read(shape.value?.shape ?? "", "member"))
        case "blob": return "try reader.blob(\(member))"
        case "boolean": return "try reader.boolean(\(member))"
        case "byte", "short", "integer", "long": return "Int(try reader.integer(\(member)))"
        case "float", "double": return "try reader.double(\(member))"
        case "timestamp": return "try reader.timestamp(\(member))"
        default: return "try reader.bigNumber(\(member))"
        }
    }

    private func closure(_ method: String, _ member: String, _ body: String) -> String {
        let parameter = body.contains("member") ? "member" : "_"
        return "try reader.\(method)(\(member)) { (\(parameter)) throws(ShapeError) in \(body) }"
    }

    /// What stands for a required member that is not there.
    func stand(_ name: String) -> String {
        if let binding = self.service.bindings[name] { return "\(binding.type).missing" }
        let shape = self.service.shape(name)
        switch shape.type {
        case "structure":
            if shape.document == true { return "Document.null" }
            if shape.union == true { return "\(self.type(name)).unknown" }
            let arguments = (shape.members ?? []).filter { self.service.isRequired($0, of: shape) }.map {
                "\(SwiftNames.member($0.name ?? "")): \(self.stand($0.shape))"
            }
            return "\(self.type(name))(\(arguments.joined(separator: ", ")))"
        case "string", "character": return shape.enum == nil ? "\"\"" : "\(self.type(name))(rawValue: \"\")"
        case "list", "blob": return "[]"
        case "map": return "[:]"
        case "boolean": return "false"
        case "byte", "short", "integer", "long", "float", "double": return "0"
        case "timestamp": return "Timestamp(millisecondsSinceEpoch: 0)"
        default: return "\"0\""
        }
    }

    /// The lines that write `value`; `member` names its `MemberSchema`.
    func write(_ name: String, _ value: String, _ member: String, depth: Int = 0) -> [String] {
        if self.service.bindings[name] != nil { return ["\(value).write(to: writer, \(member))"] }
        let shape = self.service.shape(name)
        switch shape.type {
        case "structure":
            return shape.document == true
                ? ["writer.document(\(value), \(member))"] : ["\(value).write(to: writer)"]
        case "string", "character":
            return ["writer.string(\(value)\(shape.enum == nil ? "" : ".rawValue"), \(member))"]
        case "list":
            let (element, item) = ("element\(depth)", "item\(depth)")
            let body = self.write(shape.member?.shape ?? "", item, element, depth: depth + 1)
            return [
                "let \(element) = \(member).target.element",
                "writer.beginList(\(member), count: \(value).count)",
                "for \(item) in \(value) {",
                "    writer.element(\(element))",
            ] + body.map { "    " + $0 } + [
                "}", "writer.endList(\(member))",
            ]
        case "map":
            let (entry, key, item) = ("value\(depth)", "key\(depth)", "item\(depth)")
            let body = self.write(shape.value?.shape ?? "", item, entry, depth: depth + 1)
            let needsEntry = body.contains { $0.contains(entry) }
            return (needsEntry ? ["let \(entry) = \(member).target.value"] : []) + [
                "writer.beginMap(\(member), count: \(value).count)",
                "for (\(key), \(item)) in \(value).sorted(by: { $0.key < $1.key }) {",
                "    writer.key(\(key), \(member).target.key)",
            ] + body.map { "    " + $0 } + [
                "}", "writer.endMap(\(member))",
            ]
        case "blob": return ["writer.blob(\(value).span, \(member))"]
        case "boolean": return ["writer.boolean(\(value), \(member))"]
        case "byte", "short", "integer", "long": return ["writer.integer(Int64(\(value)), \(member))"]
        case "float", "double": return ["writer.double(\(value), \(member))"]
        case "timestamp": return ["writer.timestamp(\(value), \(member))"]
        default: return ["writer.bigNumber(\(value), \(member))"]
        }
    }

    /// Whether the shape holds itself without a list or map in between, so that the value needs a box.
    func isRecursive(_ name: String) -> Bool {
        var seen: Set<String> = []
        var waiting = self.directStructures(name)
        while let next = waiting.popLast() {
            if next == name { return true }
            if seen.insert(next).inserted { waiting += self.directStructures(next) }
        }
        return false
    }

    private func directStructures(_ name: String) -> [String] {
        (self.service.shape(name).members ?? []).map(\.shape).filter {
            self.service.bindings[$0] == nil && self.service.shape($0).type == "structure"
        }
    }
}
