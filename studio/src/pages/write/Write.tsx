import { PageHead } from "../../components/PageHead";

export default function Write() {
  return <PageHead title="Write" />;
}
