internal import ServiceModel

/// Writes an error's modelled members and, if they do not include it, its message.
///
/// It wraps the writer of the error's body, because only the shape knows which members it will write and only the
/// protocol knows which are required.
final class JSONErrorBody: ForwardingWriter {
    let writer: any ShapeWriter
    private let beforeMembers: () -> Void
    private let afterMembers: (_ hasMessage: Bool) -> Void
    private var depth = 0
    private var hasMessage = false

    init(
        _ writer: any ShapeWriter,
        beforeMembers: @escaping () -> Void,
        afterMembers: @escaping (_ hasMessage: Bool) -> Void
    ) {
        self.writer = writer
        self.beforeMembers = beforeMembers
        self.afterMembers = afterMembers
    }

    func beginStructure(_ schema: ShapeSchema) {
        self.depth += 1
        self.writer.beginStructure(schema)
        if self.depth == 1 { self.beforeMembers() }
    }

    func member(_ member: MemberSchema) {
        if self.depth == 1, member.name.lowercased() == "message" { self.hasMessage = true }
        self.writer.member(member)
    }

    func endStructure() {
        if self.depth == 1 { self.afterMembers(self.hasMessage) }
        self.depth -= 1
        self.writer.endStructure()
    }
}

/// An error without modelled members: an empty structure.
struct PlainErrorDetail: WritableShape {
    static let schema: ShapeSchema = {
        let schema = ShapeSchema(name: "Error", type: .structure)
        schema.define(members: [])
        return schema
    }()

    func write(to writer: any ShapeWriter) {
        writer.beginStructure(Self.schema)
        writer.endStructure()
    }
}
